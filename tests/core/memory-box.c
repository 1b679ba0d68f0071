#include "memory-private.h"

#include <pthread.h>
#include <string.h>

/* What a server in memory holds. */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *servers; /* account → struct server */

static void
message_free(gpointer data)
{
	struct message *m = data;

	g_free(m->keywords);
	g_bytes_unref(m->bytes);
	g_free(m->id);
	g_free(m);
}

static void
folder_free(gpointer data)
{
	struct folder *f = data;

	g_free(f->name);
	g_ptr_array_unref(f->messages);
	g_free(f);
}

static void
server_free(gpointer data)
{
	struct server *s = data;

	g_ptr_array_unref(s->folders);
	g_free(s);
}

struct folder *
memory_folder(struct server *s, const char *name)
{
	for (guint i = 0; i < s->folders->len; i++) {
		struct folder *f = s->folders->pdata[i];

		if (!strcmp(f->name, name))
			return f;
	}
	return NULL;
}

struct folder *
memory_folder_new(struct server *s, const char *name)
{
	struct folder *f = g_new0(struct folder, 1);

	f->name = g_strdup(name);
	f->uidvalidity = ++s->born;
	f->uidnext = 1;
	f->messages = g_ptr_array_new_with_free_func(message_free);
	g_ptr_array_add(s->folders, f);
	return f;
}

static struct server *
server_of(const char *account)
{
	struct server *s;

	if (!servers)
		servers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, server_free);
	s = g_hash_table_lookup(servers, account);
	if (s)
		return s;
	s = g_new0(struct server, 1);
	s->folders = g_ptr_array_new_with_free_func(folder_free);
	s->fill_fault = MEMORY_FAULTS;
	memory_folder_new(s, "INBOX")->subscribed = TRUE;
	g_hash_table_insert(servers, g_strdup(account), s);
	return s;
}

void
memory_lock(void)
{
	pthread_mutex_lock(&lock);
}

struct server *
memory_hold(const char *account)
{
	memory_lock();
	return server_of(account);
}

void
memory_release(void)
{
	pthread_mutex_unlock(&lock);
}

void
memory_forget(void)
{
	memory_lock();
	g_clear_pointer(&servers, g_hash_table_unref);
	memory_release();
}

static char *
id_of(const char *bytes, gsize len)
{
	struct envelope envelope;
	char *id;

	envelope_from_headers(&envelope, bytes, len);
	id = g_strdup(envelope.message_id);
	envelope_clear(&envelope);
	return id;
}

guint64
memory_put(struct folder *f, GBytes *bytes, gint64 received, guint flags, const char *keywords)
{
	struct message *m = g_new0(struct message, 1);

	m->uid = f->uidnext++;
	m->received = received;
	m->flags = flags;
	m->keywords = g_strdup(keywords);
	m->bytes = g_bytes_ref(bytes);
	m->id = id_of(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_ptr_array_add(f->messages, m);
	return m->uid;
}

struct message *
memory_by_uid(struct folder *f, guint64 uid)
{
	for (guint i = 0; f && i < f->messages->len; i++) {
		struct message *m = f->messages->pdata[i];

		if (m->uid == uid)
			return m;
	}
	return NULL;
}

struct message *
memory_by_id(struct folder *f, const char *id)
{
	for (guint i = 0; f && i < f->messages->len; i++) {
		struct message *m = f->messages->pdata[i];

		if (!strcmp(m->id, id))
			return m;
	}
	return NULL;
}

int
memory_compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
memory_sorted(const char *keywords)
{
	g_auto(GStrv) words = g_strsplit(keywords ? keywords : "", " ", -1);
	g_autoptr(GPtrArray) lines = g_ptr_array_new();

	for (char **w = words; *w; w++)
		if (**w)
			g_ptr_array_add(lines, *w);
	g_ptr_array_sort(lines, memory_compare);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv(" ", (char **)lines->pdata);
}

static char *
with_keywords(const char *keywords, const char *add, const char *remove)
{
	g_autofree char *all = g_strjoin(" ", keywords, add, NULL);
	g_auto(GStrv) words = g_strsplit(all, " ", -1);
	g_auto(GStrv) out = g_strsplit(remove ? remove : "", " ", -1);
	g_autoptr(GPtrArray) kept = g_ptr_array_new();
	g_autofree char *joined = NULL;

	for (char **w = words; *w; w++)
		if (**w && !g_strv_contains((const char *const *)out, *w) &&
		    !g_ptr_array_find_with_equal_func(kept, *w, g_str_equal, NULL))
			g_ptr_array_add(kept, *w);
	g_ptr_array_add(kept, NULL);
	joined = g_strjoinv(" ", (char **)kept->pdata);
	return memory_sorted(joined);
}

void
memory_set_flags(struct message *m, const struct store_op *op)
{
	char *keywords = with_keywords(m->keywords, op->keywords_add, op->keywords_remove);

	m->flags = (m->flags | op->add) & ~op->remove;
	g_free(m->keywords);
	m->keywords = keywords;
}

void
memory_rename(struct server *s, const char *from, const char *to)
{
	gsize n = strlen(from);

	for (guint i = 0; i < s->folders->len; i++) {
		struct folder *f = s->folders->pdata[i];
		char *name;

		if (strncmp(f->name, from, n) != 0 || (f->name[n] && f->name[n] != '/'))
			continue;
		name = g_strconcat(to, f->name + n, NULL);
		g_free(f->name);
		f->name = name;
	}
}
