#include "memory.h"

#include <pthread.h>
#include <string.h>

#include "base/error.h"

struct message {
	guint64 uid;
	gint64 received;
	guint flags;
	char *keywords; /* sorted, blank-separated */
	GBytes *bytes;
	char *id; /* its Message-ID */
};

struct folder {
	char *name;
	guint64 uidvalidity, uidnext;
	gboolean subscribed;
	GPtrArray *messages;
};

struct server {
	GPtrArray *folders;
	guint64 born; /* UIDVALIDITY of the folder made last */
	guint countdown, verbs, piece, fills, links;
	enum memory_fault fault, fill_fault;
	enum memory_extent extent;
	gboolean any; /* countdown is of any verbs */
	gboolean silent, no_uidplus, unreachable;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *servers; /* account → struct server */

/* ---- the server ---- */

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

static struct folder *
folder_named(struct server *s, const char *name)
{
	for (guint i = 0; i < s->folders->len; i++) {
		struct folder *f = s->folders->pdata[i];

		if (!strcmp(f->name, name))
			return f;
	}
	return NULL;
}

static struct folder *
folder_new(struct server *s, const char *name)
{
	struct folder *f = g_new0(struct folder, 1);

	f->name = g_strdup(name);
	f->uidvalidity = ++s->born;
	f->uidnext = 1;
	f->messages = g_ptr_array_new_with_free_func(message_free);
	g_ptr_array_add(s->folders, f);
	return f;
}

/* Called locked. */
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
	folder_new(s, "INBOX")->subscribed = TRUE;
	g_hash_table_insert(servers, g_strdup(account), s);
	return s;
}

void
memory_forget(void)
{
	pthread_mutex_lock(&lock);
	g_clear_pointer(&servers, g_hash_table_unref);
	pthread_mutex_unlock(&lock);
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

static guint64
put(struct folder *f, GBytes *bytes, gint64 received, guint flags, const char *keywords)
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

static struct message *
by_uid(struct folder *f, guint64 uid)
{
	for (guint i = 0; f && i < f->messages->len; i++) {
		struct message *m = f->messages->pdata[i];

		if (m->uid == uid)
			return m;
	}
	return NULL;
}

static struct message *
by_id(struct folder *f, const char *id)
{
	for (guint i = 0; f && i < f->messages->len; i++) {
		struct message *m = f->messages->pdata[i];

		if (!strcmp(m->id, id))
			return m;
	}
	return NULL;
}

void
memory_add_folder(const char *account, const char *name)
{
	pthread_mutex_lock(&lock);
	folder_new(server_of(account), name)->subscribed = TRUE;
	pthread_mutex_unlock(&lock);
}

void
memory_add_message(const char *account, const char *folder, const char *message, guint flags)
{
	g_autoptr(GBytes) bytes = g_bytes_new(message, strlen(message));
	struct folder *f;

	pthread_mutex_lock(&lock);
	f = folder_named(server_of(account), folder);
	put(f, bytes, 1000000 + (gint64)f->uidnext, flags, "");
	pthread_mutex_unlock(&lock);
}

gboolean
memory_expunge(const char *account, const char *folder, const char *message_id)
{
	struct folder *f;
	struct message *m;

	pthread_mutex_lock(&lock);
	f = folder_named(server_of(account), folder);
	m = by_id(f, message_id);
	if (m)
		g_ptr_array_remove(f->messages, m);
	pthread_mutex_unlock(&lock);
	return m != NULL;
}

gboolean
memory_move(const char *account, const char *folder, const char *message_id, const char *to)
{
	struct folder *f;
	struct message *m;

	pthread_mutex_lock(&lock);
	f = folder_named(server_of(account), folder);
	m = by_id(f, message_id);
	if (m) {
		put(folder_named(server_of(account), to), m->bytes, m->received, m->flags, m->keywords);
		g_ptr_array_remove(f->messages, m);
	}
	pthread_mutex_unlock(&lock);
	return m != NULL;
}

void
memory_arm(const char *account, guint n, enum memory_fault fault, enum memory_extent extent)
{
	struct server *s;

	pthread_mutex_lock(&lock);
	s = server_of(account);
	s->countdown = n;
	s->fault = fault;
	s->extent = extent;
	s->verbs = 0;
	s->silent = s->any = FALSE;
	pthread_mutex_unlock(&lock);
}

void
memory_arm_any(const char *account, guint n, enum memory_fault fault)
{
	memory_arm(account, n, fault, MEMORY_NOTHING);
	pthread_mutex_lock(&lock);
	server_of(account)->any = TRUE;
	pthread_mutex_unlock(&lock);
}

void
memory_arm_fills(const char *account, enum memory_fault fault)
{
	pthread_mutex_lock(&lock);
	server_of(account)->fill_fault = fault;
	pthread_mutex_unlock(&lock);
}

void
memory_set_piece(const char *account, guint n)
{
	pthread_mutex_lock(&lock);
	server_of(account)->piece = n;
	pthread_mutex_unlock(&lock);
}

guint
memory_fills(const char *account)
{
	guint fills;

	pthread_mutex_lock(&lock);
	fills = server_of(account)->fills;
	pthread_mutex_unlock(&lock);
	return fills;
}

guint
memory_links(const char *account)
{
	guint links;

	pthread_mutex_lock(&lock);
	links = server_of(account)->links;
	pthread_mutex_unlock(&lock);
	return links;
}

gboolean
memory_is_silent(const char *account)
{
	gboolean silent;

	pthread_mutex_lock(&lock);
	silent = server_of(account)->silent;
	pthread_mutex_unlock(&lock);
	return silent;
}

guint
memory_verbs(const char *account)
{
	guint verbs;

	pthread_mutex_lock(&lock);
	verbs = server_of(account)->verbs;
	pthread_mutex_unlock(&lock);
	return verbs;
}

void
memory_set_uidplus(const char *account, gboolean on)
{
	pthread_mutex_lock(&lock);
	server_of(account)->no_uidplus = !on;
	pthread_mutex_unlock(&lock);
}

void
memory_set_reachable(const char *account, gboolean on)
{
	pthread_mutex_lock(&lock);
	server_of(account)->unreachable = !on;
	pthread_mutex_unlock(&lock);
}

/* ---- in words ---- */

static int
compare_lines(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
join(GPtrArray *lines)
{
	g_ptr_array_sort(lines, compare_lines);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

static char *
sorted(const char *keywords)
{
	g_auto(GStrv) words = g_strsplit(keywords ? keywords : "", " ", -1);
	g_autoptr(GPtrArray) lines = g_ptr_array_new();

	for (char **w = words; *w; w++)
		if (**w)
			g_ptr_array_add(lines, *w);
	g_ptr_array_sort(lines, compare_lines);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv(" ", (char **)lines->pdata);
}

static char *
message_line(const char *folder, const char *id, guint flags, const char *keywords)
{
	g_autofree char *words = sorted(keywords);

	return g_strdup_printf("%s %s %u %s", folder, id, flags, words);
}

char *
memory_dump(const char *account)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	struct server *s;

	pthread_mutex_lock(&lock);
	s = server_of(account);
	for (guint i = 0; i < s->folders->len; i++) {
		struct folder *f = s->folders->pdata[i];

		g_ptr_array_add(lines, g_strdup_printf("%s/ %s", f->name, f->subscribed ? "yes" : "no"));
		for (guint j = 0; j < f->messages->len; j++) {
			struct message *m = f->messages->pdata[j];

			g_ptr_array_add(lines, message_line(f->name, m->id, m->flags, m->keywords));
		}
	}
	pthread_mutex_unlock(&lock);
	return join(lines);
}

char *
memory_dump_store(struct store *store)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) folders = store_folders(store, NULL);

	g_assert_nonnull(folders);
	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];
		g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

		g_ptr_array_add(lines, g_strdup_printf("%s/ %s", f->path, f->subscribed ? "yes" : "no"));
		g_assert_true(store_rows(store, f->id, NULL, TRUE, 100000, rows, NULL));
		for (guint j = 0; j < rows->len; j++) {
			const struct store_row *row = rows->pdata[j];

			g_ptr_array_add(lines,
			                message_line(f->path, row->message_id, row->flags, row->keywords));
		}
	}
	return join(lines);
}

/* ---- the backend: verbs that end later, one after the other ---- */

/* What is told about a row when its verb has ended well. */
enum news { NEWS_MOVED, NEWS_PURGED, NEWS_GONE };
struct told {
	enum news news;
	msgid id;
	gint64 folder;
	guint64 uidvalidity, uid;
};

struct pending {
	backend_done done;
	void *user;
	GError *error;
	gint64 op;
	GArray *told;   /* struct told */
	gboolean fatal; /* the link breaks with it */
};

struct backend {
	const struct backend_env *env;
	struct server *server;
	gboolean up;
	guint stored; /* headers of the open folder, since it was opened */
	GQueue pending;
};

static void
pending_free(struct pending *p)
{
	g_clear_error(&p->error);
	g_array_unref(p->told);
	g_free(p);
}

static void
tell(struct backend *b, const struct pending *p)
{
	struct store *store = b->env->store;
	GError *error = NULL;
	gboolean ok = TRUE;

	for (guint i = 0; ok && i < p->told->len; i++) {
		const struct told *t = &g_array_index(p->told, struct told, i);

		if (t->news == NEWS_MOVED)
			ok = store_moved(store, p->op, t->id, t->folder, t->uidvalidity, t->uid, NULL,
			                 &error);
		else if (t->news == NEWS_PURGED)
			ok = store_purged(store, p->op, t->id, &error);
		else
			ok = store_gone(store, p->op, t->id, &error);
	}
	g_assert_no_error(error);
}

static gboolean
is_silent(struct backend *b)
{
	gboolean silent;

	pthread_mutex_lock(&lock);
	silent = b->server->silent;
	pthread_mutex_unlock(&lock);
	return silent;
}

static void
lose(struct backend *b, enum fulmar_error code)
{
	g_autoptr(GError) error = NULL;
	struct pending *p;

	b->up = FALSE;
	fulmar_fail(&error, code, "the link was lost");
	b->env->hooks->lost(error, b->env->user);
	while ((p = g_queue_pop_head(&b->pending))) {
		p->done(error, p->user);
		pending_free(p);
	}
}

static gboolean
run_done(gpointer user)
{
	struct backend *b = user;
	struct pending *p;

	if (!b->up || is_silent(b) || !(p = g_queue_peek_head(&b->pending)))
		return G_SOURCE_REMOVE;
	if (p->fatal) {
		lose(b, FULMAR_NO_LINK);
		return G_SOURCE_REMOVE;
	}
	g_queue_pop_head(&b->pending);
	if (!p->error)
		tell(b, p);
	p->done(p->error, p->user);
	pending_free(p);
	return G_SOURCE_REMOVE;
}

static gboolean
run_unlink(gpointer user)
{
	struct backend *b = user;

	if (b->up && !is_silent(b))
		lose(b, FULMAR_CANCELLED);
	return G_SOURCE_REMOVE;
}

static gboolean
run_linked(gpointer user)
{
	struct backend *b = user;
	gboolean refused;

	pthread_mutex_lock(&lock);
	refused = b->server->unreachable;
	b->server->links++;
	pthread_mutex_unlock(&lock);
	if (refused) {
		lose(b, FULMAR_NO_LINK);
	} else {
		b->up = TRUE;
		b->env->hooks->ready(b->env->user);
	}
	return G_SOURCE_REMOVE;
}

static void
later(struct backend *b, GSourceFunc run)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, run, b, NULL);
	g_source_attach(source, b->env->context);
}

/* Called locked. */
static void
fail(struct server *s, struct pending *p, enum memory_fault fault)
{
	static const enum fulmar_error codes[MEMORY_FAULTS] = {FULMAR_FAILED, FULMAR_NO_LINK, FULMAR_NO_LINK,
	                                                       FULMAR_NO_LINK, FULMAR_CANCELLED};

	p->fatal = fault == MEMORY_HANGS_UP;
	s->silent = fault == MEMORY_SILENT;
	fulmar_fail(&p->error, codes[fault], "arranged");
}

static struct pending *
begin(struct backend *b, backend_done done, void *user)
{
	struct pending *p = g_new0(struct pending, 1);
	struct server *s = b->server;

	p->done = done;
	p->user = user;
	p->told = g_array_new(FALSE, FALSE, sizeof(struct told));
	g_queue_push_tail(&b->pending, p);
	pthread_mutex_lock(&lock);
	if (s->any && s->countdown && !--s->countdown)
		fail(s, p, s->fault);
	pthread_mutex_unlock(&lock);
	later(b, run_done);
	return p;
}

/* A verb of the journal meets what was arranged. How many of n parts of it are done. Called locked. */
static guint
meet(struct backend *b, struct pending *p, guint n)
{
	struct server *s = b->server;

	s->verbs++;
	if (!b->up || s->silent) {
		p->fatal = TRUE;
		return 0;
	}
	if (p->error)
		return 0;
	if (s->any || !s->countdown || --s->countdown)
		return n;
	fail(s, p, s->fault);
	if ((s->fault != MEMORY_HANGS_UP && s->fault != MEMORY_SILENT) || s->extent == MEMORY_NOTHING)
		return 0;
	return s->extent == MEMORY_HALF ? n / 2 : n;
}

static struct backend *
create(const struct backend_env *env)
{
	struct backend *b = g_new0(struct backend, 1);

	b->env = env;
	pthread_mutex_lock(&lock);
	b->server = server_of(env->account->id);
	pthread_mutex_unlock(&lock);
	g_queue_init(&b->pending);
	return b;
}

static void
destroy(struct backend *b)
{
	GSource *source;

	g_assert_true(is_silent(b) || g_queue_is_empty(&b->pending));
	while ((source = g_main_context_find_source_by_user_data(b->env->context, b)))
		g_source_destroy(source);
	g_queue_clear_full(&b->pending, (GDestroyNotify)pending_free);
	g_free(b);
}

static void
link_up(struct backend *b)
{
	g_assert_false(b->up);
	later(b, run_linked);
}

static void
unlink_(struct backend *b)
{
	if (b->up)
		later(b, run_unlink);
}

static void
secret(struct backend *b, const char *text, const char *why)
{
}

static void
watch(struct backend *b, gint64 folder)
{
}

/* ---- reading ---- */

static void
put_folder(struct backend *b, const struct folder *f)
{
	struct store_folder new = {
	        .path = f->name,
	        .wire = f->name,
	        .delimiter = '/',
	        .role = (char *)(strcmp(f->name, "INBOX") ? "" : "inbox"),
	        .selectable = TRUE,
	        .subscribed = f->subscribed,
	        .rights = (char *)"",
	        .mailbox_id = (char *)"",
	        .server_total = f->messages->len,
	        .server_uidnext = f->uidnext,
	};
	g_autoptr(GPtrArray) known = store_folders(b->env->store, NULL);
	GError *error = NULL;

	for (guint i = 0; i < known->len; i++) {
		const struct store_folder *k = known->pdata[i];

		if (!strcmp(k->wire, f->name))
			new.id = k->id;
	}
	store_folder_put(b->env->store, &new, &error);
	g_assert_no_error(error);
}

static gboolean
is_listed(struct backend *b, const struct store_folder *f)
{
	return f->pending || folder_named(b->server, f->wire);
}

static void
folders(struct backend *b, backend_done done, void *user)
{
	g_autoptr(GPtrArray) known = NULL;

	if (begin(b, done, user)->error)
		return;
	pthread_mutex_lock(&lock);
	g_assert_true(store_begin(b->env->store, FALSE, NULL));
	for (guint i = 0; i < b->server->folders->len; i++)
		put_folder(b, b->server->folders->pdata[i]);
	known = store_folders(b->env->store, NULL);
	for (guint i = 0; i < known->len; i++)
		if (!is_listed(b, known->pdata[i]))
			g_assert_true(store_folder_remove(
			        b->env->store, ((struct store_folder *)known->pdata[i])->id, NULL));
	g_assert_true(store_commit(b->env->store, NULL));
	pthread_mutex_unlock(&lock);
	b->env->hooks->folders(b->env->user);
}

static void
store_message(struct backend *b, gint64 folder, const struct message *m)
{
	struct envelope envelope;
	struct store_message message = {.uid = m->uid,
	                                .received = m->received,
	                                .size = g_bytes_get_size(m->bytes),
	                                .flags = m->flags,
	                                .keywords = m->keywords,
	                                .envelope = &envelope};
	GError *error = NULL;

	envelope_from_headers(&envelope, g_bytes_get_data(m->bytes, NULL), g_bytes_get_size(m->bytes));
	store_add(b->env->store, folder, &message, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
}

/* The next piece, from the newest down; the folder is complete with the last. */
static void
bring_piece(struct backend *b, struct store_folder *row, struct folder *f)
{
	guint n = b->server->piece ? b->server->piece : f->messages->len;

	for (guint i = 0; i < n && b->stored < f->messages->len; i++)
		store_message(b, row->id, f->messages->pdata[f->messages->len - ++b->stored]);
	row->complete = b->stored >= f->messages->len;
	g_assert_true(store_folder_put_state(b->env->store, row, NULL));
}

/* What is here of it is as there. */
static void
bring(struct backend *b, struct store_folder *row, struct folder *f)
{
	struct store *store = b->env->store;
	struct uidset gone;
	GError *error = NULL;

	uidset_init(&gone);
	if (row->uidvalidity && row->uidvalidity != f->uidvalidity)
		g_assert_true(store_folder_unbind(store, row->id, NULL));
	g_assert_true(store_uids(store, row->id, 0, 0, &gone, NULL));
	for (guint i = 0; i < f->messages->len; i++) {
		const struct message *m = f->messages->pdata[i];

		uidset_remove(&gone, m->uid, m->uid);
		store_set_base(store, row->id, m->uid, m->flags, m->keywords, &error);
		g_assert_no_error(error);
	}
	g_assert_cmpint(store_remove_uids(store, row->id, &gone, NULL), >=, 0);
	uidset_clear(&gone);
	row->uidvalidity = f->uidvalidity;
	row->uidnext = f->uidnext;
	row->exists = f->messages->len;
	row->synced = 1;
	b->stored = 0;
	bring_piece(b, row, f);
}

static void
open_(struct backend *b, gint64 folder, backend_done done, void *user)
{
	struct pending *p = begin(b, done, user);
	struct store_folder *row = store_folder_by_id(b->env->store, folder, NULL);
	struct folder *f;

	pthread_mutex_lock(&lock);
	f = row ? folder_named(b->server, row->wire) : NULL;
	if (f && b->up && !b->server->silent && !p->error) {
		g_assert_true(store_begin(b->env->store, FALSE, NULL));
		bring(b, row, f);
		g_assert_true(store_commit(b->env->store, NULL));
	} else if (!p->error) {
		fulmar_fail(&p->error, FULMAR_FAILED, "no such folder");
	}
	pthread_mutex_unlock(&lock);
	store_folder_free(row);
	b->env->hooks->rows(folder, b->env->user);
}

static void
fill(struct backend *b, gint64 folder, backend_done done, void *user)
{
	struct pending *p = begin(b, done, user);
	struct store_folder *row = store_folder_by_id(b->env->store, folder, NULL);
	struct folder *f;

	pthread_mutex_lock(&lock);
	f = row ? folder_named(b->server, row->wire) : NULL;
	b->server->fills++;
	if (!p->error && b->server->fill_fault < MEMORY_FAULTS)
		fail(b->server, p, b->server->fill_fault);
	if (f && b->up && !p->error) {
		g_assert_true(store_begin(b->env->store, FALSE, NULL));
		bring_piece(b, row, f);
		g_assert_true(store_commit(b->env->store, NULL));
	}
	pthread_mutex_unlock(&lock);
	store_folder_free(row);
	b->env->hooks->rows(folder, b->env->user);
}

static void
structures(struct backend *b, const msgid *ids, guint n, backend_done done, void *user)
{
	begin(b, done, user);
}

/* Where the row is on the server, or NULL. Called locked. */
static struct message *
place(struct backend *b, msgid id, struct folder **folder)
{
	struct store_folder *row = NULL;
	struct message *m = NULL;
	gint64 in;
	guint64 uid;

	*folder = NULL;
	if (store_place(b->env->store, id, &in, &uid, NULL, NULL) == 1)
		row = store_folder_by_id(b->env->store, in, NULL);
	if (row) {
		*folder = folder_named(b->server, row->wire);
		m = by_uid(*folder, uid);
	}
	store_folder_free(row);
	return m;
}

static void
fetch_whole(struct backend *b, struct pending *p, msgid id)
{
	struct folder *f;
	struct message *m;
	g_autoptr(GBytes) bytes = NULL;

	pthread_mutex_lock(&lock);
	m = b->up && !b->server->silent && !p->error ? place(b, id, &f) : NULL;
	if (m)
		bytes = g_bytes_ref(m->bytes);
	pthread_mutex_unlock(&lock);
	if (bytes)
		g_assert_true(store_part_put(b->env->store, id, "", g_bytes_get_data(bytes, NULL),
		                             g_bytes_get_size(bytes), FALSE, NULL));
	else if (!p->error)
		fulmar_fail(&p->error, FULMAR_FAILED, "the server has no such message any more");
}

static void
part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
     backend_done done, void *user)
{
	fetch_whole(b, begin(b, done, user), id);
}

static void
parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
      void *user)
{
	struct pending *p = begin(b, done, user);

	for (guint i = 0; i < n; i++)
		fetch_whole(b, p, ids[i]);
}

/* ---- changing ---- */

static void
add_told(struct pending *p, enum news news, msgid id, gint64 folder, const struct folder *f, guint64 uid)
{
	struct told told = {news, id, folder, f ? f->uidvalidity : 0, uid};

	g_array_append_val(p->told, told);
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
	return sorted(joined);
}

static void
set_flags(struct message *m, const struct store_op *op)
{
	char *keywords = with_keywords(m->keywords, op->keywords_add, op->keywords_remove);

	m->flags = (m->flags | op->add) & ~op->remove;
	g_free(m->keywords);
	m->keywords = keywords;
}

/* What one row of an op comes to. */
static void
apply_row(struct backend *b, struct pending *p, const struct store_op *op, guint i, struct folder *to)
{
	msgid id = g_array_index(op->ids, msgid, i);
	guint64 no = b->server->no_uidplus ? 0 : G_MAXUINT64, uid;
	struct folder *f;
	struct message *m = place(b, op->verb == OP_COPY ? g_array_index(op->sources, msgid, i) : id, &f);

	if (op->verb == OP_FLAG && m) {
		set_flags(m, op);
	} else if (op->verb == OP_PURGE) {
		if (m)
			g_ptr_array_remove(f->messages, m);
		add_told(p, NEWS_PURGED, id, 0, NULL, 0);
	} else if (op->verb == OP_MOVE && !m) {
		add_told(p, NEWS_GONE, id, 0, NULL, 0);
	} else if (op->verb == OP_MOVE) {
		uid = put(to, m->bytes, m->received, m->flags, m->keywords);
		g_ptr_array_remove(f->messages, m);
		add_told(p, NEWS_MOVED, id, op->to, to, uid & no);
	} else if (op->verb == OP_COPY && m) {
		uid = put(to, m->bytes, m->received, m->flags, m->keywords);
		add_told(p, NEWS_MOVED, id, op->to, to, uid & no);
	} else if (op->verb == OP_COPY) {
		add_told(p, NEWS_GONE, id, 0, NULL, 0);
	}
}

static void
append_row(struct backend *b, struct pending *p, const struct store_op *op, guint i, struct folder *to)
{
	msgid id = g_array_index(op->ids, msgid, i);
	g_autoptr(GBytes) bytes = store_part(b->env->store, id, "", NULL);
	struct store_row *row = store_row(b->env->store, id, NULL);
	guint64 uid;

	g_assert_nonnull(bytes);
	uid = put(to, bytes, row->received, row->flags, row->keywords);
	add_told(p, NEWS_MOVED, id, op->to, to, b->server->no_uidplus ? 0 : uid);
	store_row_free(row);
}

/* Somebody took it elsewhere before; that has not come about yet. */
static gboolean
is_meant(struct backend *b, const struct store_op *op, const struct folder *f, guint64 uid)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	msgid row = store_id_by_uid(b->env->store, op->folder, uid, NULL);

	g_assert_true(store_ops(b->env->store, FALSE, 0, ops, NULL));
	for (guint i = 0; row && i < ops->len; i++) {
		const struct store_op *other = ops->pdata[i];

		for (guint j = 0; other->id < op->id && j < other->ids->len; j++)
			if (g_array_index(other->ids, msgid, j) == row &&
			    (other->verb == OP_MOVE || other->verb == OP_TRANSFER))
				return FALSE;
	}
	return TRUE;
}

/* All below upto. */
static void
apply_range(struct backend *b, struct folder *f, struct pending *p, const struct store_op *op)
{
	for (guint i = 0; f && i < f->messages->len;) {
		struct message *m = f->messages->pdata[i];

		if (m->uid >= op->upto || !is_meant(b, op, f, m->uid)) {
			i++;
		} else if (op->verb == OP_FLAG) {
			set_flags(m, op);
			i++;
		} else {
			g_ptr_array_remove_index(f->messages, i);
		}
	}
	for (guint i = 0; op->verb == OP_EMPTY && i < op->ids->len; i++)
		add_told(p, NEWS_PURGED, g_array_index(op->ids, msgid, i), 0, NULL, 0);
}

static void
rename_all(struct server *s, const char *from, const char *to)
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

static void
apply_folder(struct server *s, const struct store_op *op, const char *wire)
{
	struct folder *f = wire ? folder_named(s, wire) : NULL;

	if (op->verb == OP_CREATE && !f)
		folder_new(s, wire)->subscribed = TRUE;
	else if (op->verb == OP_RENAME && f)
		rename_all(s, wire, op->arg);
	else if (op->verb == OP_REMOVE && f)
		g_ptr_array_remove(s->folders, f);
	else if (op->verb == OP_SUBSCRIBE && f)
		f->subscribed = op->add;
}

static char *
wire_of(struct backend *b, gint64 id)
{
	struct store_folder *row = id ? store_folder_by_id(b->env->store, id, NULL) : NULL;
	char *wire = row ? g_strdup(row->wire) : NULL;

	store_folder_free(row);
	return wire;
}

/* TRUE: some of the messages are under UIDs that nobody has told yet. */
static gboolean
lacks_uids(struct backend *b, struct pending *p, const struct store_op *op)
{
	const GArray *ids = op->verb == OP_COPY ? op->sources : op->ids;
	gint64 folder;
	guint64 uid;

	for (guint i = 0; i < ids->len && op->verb != OP_EMPTY && op->verb != OP_APPEND; i++)
		if (store_place(b->env->store, g_array_index(ids, msgid, i), &folder, &uid, NULL, NULL) ==
		            1 &&
		    !uid) {
			g_clear_error(&p->error);
			fulmar_fail(&p->error, FULMAR_CANCELLED, "not named yet");
			return TRUE;
		}
	return FALSE;
}

/* What goes for good is kept here for a while. */
static void
fetch_before(struct backend *b, const struct store_op *op)
{
	for (guint i = 0; i < op->ids->len; i++) {
		msgid id = g_array_index(op->ids, msgid, i);
		struct folder *f;
		struct message *m = place(b, id, &f);

		if (m && !store_has_part(b->env->store, id, ""))
			g_assert_true(store_part_put(b->env->store, id, "", g_bytes_get_data(m->bytes, NULL),
			                             g_bytes_get_size(m->bytes), FALSE, NULL));
	}
}

/* TRUE: error says what is missing. Called locked. */
static gboolean
lacks_target(struct pending *p, const struct store_op *op, const struct folder *to, const char *name)
{
	if (to || (op->verb != OP_MOVE && op->verb != OP_COPY && op->verb != OP_APPEND))
		return FALSE;
	g_clear_error(&p->error);
	fulmar_fail(&p->error, FULMAR_FAILED, "there is no folder %s", name);
	return TRUE;
}

static void
note(const char *what, const struct store_op *op, const char *from, const char *to)
{
	g_autoptr(GString) ids = g_string_new(NULL);

	for (guint i = 0; i < op->ids->len; i++)
		g_string_append_printf(ids, " %" G_GINT64_FORMAT, g_array_index(op->ids, msgid, i));
	g_test_message("%s %" G_GINT64_FORMAT " %s %s → %s +%u -%u +%s -%s below %" G_GUINT64_FORMAT ":%s",
	               what, op->id, op_verb_names[op->verb], from ? from : "", to ? to : op->arg, op->add,
	               op->remove, op->keywords_add, op->keywords_remove, op->upto, ids->str);
}

static void
replay(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	struct pending *p = begin(b, done, user);
	g_autofree char *from = wire_of(b, op->folder), *target = wire_of(b, op->to);
	gboolean rows = op->verb != OP_EMPTY && op->ids->len, range = op->verb == OP_EMPTY || op->upto;
	struct folder *to;
	guint n;

	g_assert_cmpint(op->verb, !=, OP_TRANSFER);
	note("replay", op, from, target);
	p->op = op->id;
	pthread_mutex_lock(&lock);
	n = meet(b, p, rows ? op->ids->len : 1);
	to = target ? folder_named(b->server, target) : NULL;
	if (n && (lacks_target(p, op, to, target) || lacks_uids(b, p, op)))
		n = 0;
	if (n && op->verb == OP_PURGE)
		fetch_before(b, op);
	for (guint i = 0; rows && i < n; i++) {
		if (op->verb == OP_APPEND)
			append_row(b, p, op, i, to);
		else
			apply_row(b, p, op, i, to);
	}
	if (n && range)
		apply_range(b, from ? folder_named(b->server, from) : NULL, p, op);
	else if (!rows && n)
		apply_folder(b->server, op, op->verb == OP_CREATE ? target : from);
	pthread_mutex_unlock(&lock);
}

/* ---- after a crash ---- */

/* The message of the row in to, from mark on, that no row of ours has. */
static guint64
find(struct backend *b, const struct store_op *op, msgid id, struct folder *to, GHashTable *taken)
{
	struct store_row *row = store_row(b->env->store, id, NULL);
	guint64 found = 0;

	for (guint i = 0; row && to && i < to->messages->len && !found; i++) {
		const struct message *m = to->messages->pdata[i];
		msgid other = store_id_by_uid(b->env->store, op->to, m->uid, NULL);

		/* A younger row may have been made for what was seen before it was known to be ours. */
		if (m->uid >= op->mark && !strcmp(m->id, row->message_id) &&
		    (!other || other == id || (other > id && store_shown_since(b->env->store, other, op))) &&
		    !g_hash_table_contains(taken, &m->uid)) {
			found = m->uid;
			g_hash_table_add(taken, (gpointer)&m->uid);
		}
	}
	store_row_free(row);
	return found;
}

static void
check_row(struct backend *b, struct pending *p, const struct store_op *op, guint i, struct folder *to,
          GHashTable *taken)
{
	msgid id = g_array_index(op->ids, msgid, i);
	struct folder *f;
	struct message *m = place(b, id, &f);
	guint64 uid;

	if (op->verb == OP_PURGE) {
		if (!m)
			add_told(p, NEWS_PURGED, id, 0, NULL, 0);
		return;
	}
	if (op->verb == OP_MOVE && m)
		return;
	uid = find(b, op, id, to, taken);
	if (uid)
		add_told(p, NEWS_MOVED, id, op->to, to, uid);
	else if (op->verb == OP_MOVE)
		add_told(p, NEWS_GONE, id, 0, NULL, 0);
}

static void
check(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	struct pending *p = begin(b, done, user);
	g_autoptr(GHashTable) taken = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_autofree char *target = wire_of(b, op->to);
	struct folder *to;
	guint n;

	g_assert_cmpint(op->verb, !=, OP_FLAG);
	g_assert_cmpint(op->verb, !=, OP_SUBSCRIBE);
	note("check", op, "", target);
	p->op = op->id;
	pthread_mutex_lock(&lock);
	n = meet(b, p, op->ids->len);
	to = target ? folder_named(b->server, target) : NULL;
	for (guint i = 0; i < n && op->verb != OP_EMPTY; i++)
		check_row(b, p, op, i, to, taken);
	pthread_mutex_unlock(&lock);
}

static gboolean
name_folder(struct backend *b, const char *path, char **wire, char *delimiter, GError **error)
{
	if (strchr(path, '%')) {
		fulmar_fail(error, FULMAR_FAILED, "%s: no name", path);
		return FALSE;
	}
	*wire = g_strdup(path);
	*delimiter = '/';
	return TRUE;
}

static void
admin(struct backend *b, const struct backend_admin *request,
      void (*answer)(const char *name, const char *value, void *user), backend_done done, void *user)
{
	begin(b, done, user);
	answer("ann", "lrs", user);
	answer("", "lrswipkxtea", user);
}

const struct backend_ops memory_ops = {
        .name = "memory",
        .remote = TRUE,
        .create = create,
        .destroy = destroy,
        .link = link_up,
        .unlink = unlink_,
        .secret = secret,
        .folders = folders,
        .open = open_,
        .fill = fill,
        .structures = structures,
        .part = part,
        .parts = parts,
        .replay = replay,
        .check = check,
        .name_folder = name_folder,
        .admin = admin,
        .watch = watch,
};
