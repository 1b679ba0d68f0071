#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "core/account-private.h"

/* Messages on their way to another account. This file is where they are filed; courier.c carries them, and
 * recall.c takes them back.
 *
 * First the other account's store gets rows like ours, each with an append that is held, then our store the
 * transfer itself: that is when it counts. A crash in between leaves held appends that no transfer knows;
 * they are dropped when their account starts. Our lock on transfer.lock says that we are in between.
 *
 * The transfer's key is a token; the append for row n of account a is called "a:TOKEN:n". Which row there is
 * which row here is kept under "transfer:TOKEN" as long as the step can be undone. */

enum { REMEMBER_SECONDS = 31 * 86400, ANNOUNCE_AT_ONCE = 100 };

/* ---- names ---- */

char *
transfer_key(struct account *a, const char *token, msgid id)
{
	return g_strdup_printf("%s:%s:%" G_GINT64_FORMAT, a->settings->id, token, id);
}

static char *
map_name(const char *token)
{
	return g_strconcat("transfer:", token, NULL);
}

GHashTable *
transfer_map(struct account *a, const char *token)
{
	GHashTable *map = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	g_autofree char *name = map_name(token);
	g_autofree char *text = store_get(a->store, name);
	g_auto(GStrv) pairs = g_strsplit(text ? text : "", " ", -1);

	for (char **pair = pairs; *pair; pair++) {
		char *end;
		gint64 *ids = g_new(gint64, 1), *there = g_new(gint64, 1);

		*ids = g_ascii_strtoll(*pair, &end, 10);
		*there = *end == ':' ? g_ascii_strtoll(end + 1, NULL, 10) : 0;
		g_hash_table_replace(map, ids, there);
	}
	return map;
}

/* Keeps the pairs, and forgets those of transfers that nobody can undo any more. */
static gboolean
remember(struct account *a, const char *token, const char *pairs, GError **error)
{
	static const char index[] = "transfers";
	g_autofree char *known = store_get(a->store, index);
	g_autofree char *name = map_name(token);
	g_auto(GStrv) entries = g_strsplit(known ? known : "", " ", -1);
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	g_autoptr(GString) kept = g_string_new(NULL);

	for (char **entry = entries; *entry; entry++) {
		char *at = strchr(*entry, '@');
		g_autofree char *old = at ? g_strndup(*entry, (gsize)(at - *entry)) : NULL;
		g_autofree char *old_name = old ? map_name(old) : NULL;

		if (!old)
			continue;
		if (now - g_ascii_strtoll(at + 1, NULL, 10) < REMEMBER_SECONDS)
			g_string_append_printf(kept, "%s ", *entry);
		else if (!store_set(a->store, old_name, NULL, error))
			return FALSE;
	}
	g_string_append_printf(kept, "%s@%" G_GINT64_FORMAT, token, now);
	return store_set(a->store, name, pairs, error) && store_set(a->store, index, kept->str, error);
}

/* ---- the other account ---- */

/* NULL with error. */
static const struct conf_account *
settings_of(struct account *a, const char *id, GError **error)
{
	const struct conf_account *settings = conf_account(a->conf, id);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *nearest;

	if (settings)
		return settings;
	for (guint i = 0; i < a->conf->accounts->len; i++)
		g_ptr_array_add(names, ((const struct conf_account *)a->conf->accounts->pdata[i])->id);
	g_ptr_array_add(names, NULL);
	nearest = text_nearest(id, (const char *const *)names->pdata);
	if (nearest)
		fulmar_fail(error, FULMAR_FAILED, _("there is no account “%s”; the nearest is “%s”"), id,
		            nearest);
	else
		fulmar_fail(error, FULMAR_FAILED, _("there is no account “%s”"), id);
	return NULL;
}

int
transfer_lock(const struct conf_account *settings, int how, GError **error)
{
	g_autofree char *dir = account_store_dir(settings);
	g_autofree char *path = g_build_filename(dir, "transfer.lock", NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be written: %s"), path, g_strerror(errno));
		return -1;
	}
	if (flock(fd, how) == 0 || errno != EWOULDBLOCK)
		return fd;
	close(fd);
	return -1;
}

struct store *
transfer_store(struct account *a, const char *target, const struct conf_account **settings, GError **error)
{
	const char *slash = strchr(target, '/');
	g_autofree char *id = slash ? g_strndup(target, (gsize)(slash - target)) : g_strdup(target);
	g_autofree char *dir = NULL;

	*settings = settings_of(a, id, error);
	if (!*settings)
		return NULL;
	dir = account_store_dir(*settings);
	return store_open(dir, STORE_WRITE, error);
}

/* ---- filing ---- */

struct filing {
	struct change *change;
	const struct conf_account *settings;
	struct store *store;
	struct backend *backend; /* for names alone: it never has a link */
	struct backend_env env;
	const struct backend_ops *ops;
	char *token, *path;
	gint64 to;
	GString *pairs;
	GArray *ids, *made; /* msgid of rows here, the oldest first, and of those there */
};

static void
no_rows(gint64 folder, void *user)
{
}

static void
no_folders(void *user)
{
}

static const struct backend_hooks deaf = {.rows = no_rows, .folders = no_folders};

static gboolean
filing_open(struct filing *f, GError **error)
{
	struct account *a = f->change->account;
	const struct command *c = f->change->command;

	f->store = transfer_store(a, c->text2, &f->settings, error);
	f->ops = f->settings ? account_verbs(a, f->settings) : NULL;
	if (!f->store || !f->ops)
		return FALSE;
	f->env = (struct backend_env){.context = a->context,
	                              .conf = a->conf,
	                              .account = f->settings,
	                              .store = f->store,
	                              .hooks = &deaf,
	                              .user = f};
	f->backend = f->ops->create(&f->env);
	return TRUE;
}

static void
filing_clear(struct filing *f)
{
	if (f->backend)
		f->ops->destroy(f->backend);
	g_clear_pointer(&f->store, store_close);
	g_free(f->token);
	g_free(f->path);
	if (f->pairs)
		g_string_free(f->pairs, TRUE);
	g_clear_pointer(&f->ids, g_array_unref);
	g_clear_pointer(&f->made, g_array_unref);
}

static gboolean
find_target(struct filing *f, GError **error)
{
	const struct command *c = f->change->command;
	struct site site = {f->settings, f->store, f->ops, f->backend, NULL, FALSE};
	struct store_folder *folder = NULL;

	f->to = c->text && *c->text ? site_folder(&site, c->text, c->add == 1, error) : c->folder;
	if (f->to)
		folder = store_folder_by_id(f->store, f->to, error);
	f->path = g_strdup(folder ? folder->path : "");
	store_folder_free(folder);
	if (!f->to || !*f->path) {
		if (error && !*error)
			fulmar_fail(error, FULMAR_FAILED, _("that folder is gone"));
		return FALSE;
	}
	return site_may(&site, f->to, "i", error);
}

/* What a row says, as an envelope; lends from row but for what envelope_clear frees. */
static void
envelope_of(const struct store_row *row, struct envelope *envelope)
{
	envelope_from_headers(envelope, "", 0);
	for (guint i = 0; i < 3; i++) {
		GPtrArray *from = i == 0   ? row->from
		                  : i == 1 ? row->to
		                           : row->cc,
		          *to = i == 0   ? envelope->from
		                : i == 1 ? envelope->to
		                         : envelope->cc;

		for (guint j = 0; j < from->len; j++) {
			const struct mime_address *address = from->pdata[j];
			struct mime_address *copy = g_new(struct mime_address, 1);

			copy->name = g_strdup(address->name);
			copy->email = g_strdup(address->email);
			g_ptr_array_add(to, copy);
		}
	}
	envelope->has_date = row->has_date;
	envelope->date = row->date;
	envelope->zone = row->zone;
	g_free(envelope->subject);
	envelope->subject = g_strdup(row->subject);
	g_free(envelope->message_id);
	envelope->message_id = g_strdup(row->message_id);
	g_free(envelope->in_reply_to);
	envelope->in_reply_to = g_strdup(row->in_reply_to);
	g_free(envelope->list_id);
	envelope->list_id = g_strdup(row->list_id);
	g_strfreev(envelope->references);
	envelope->references = g_strsplit(row->references, " ", -1);
}

static gboolean
announce(struct filing *f, const struct store_row *row, GError **error)
{
	struct account *a = f->change->account;
	g_autofree char *key = transfer_key(a, f->token, row->id);
	struct mime_part *structure = store_structure(a->store, row->id, NULL);
	struct envelope envelope;
	struct store_message message = {.received = row->received,
	                                .size = row->size,
	                                .flags = row->flags & ~(guint)FLAG_DELETED,
	                                .keywords = row->keywords,
	                                .envelope = &envelope,
	                                .structure = structure,
	                                .preview = row->preview};
	msgid made;

	envelope_of(row, &envelope);
	made = store_journal_append(f->store, f->to, &message, NULL, key, NULL, error);
	envelope_clear(&envelope);
	g_clear_pointer(&structure, mime_part_free);
	if (!made)
		return FALSE;
	g_array_append_val(f->made, made);
	g_string_append_printf(f->pairs, "%s%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, f->pairs->len ? " " : "",
	                       row->id, made);
	return TRUE;
}

static gboolean
announce_one(struct filing *f, msgid id, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_row *row = store_row(f->change->account->store, id, &failed);

	if (!row && !failed)
		fulmar_fail(&failed, FULMAR_FAILED, _("The message %lld is not in the store any more"),
		            (long long)id);
	if (!failed)
		announce(f, row, &failed);
	store_row_free(row);
	if (!failed)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failed));
	return FALSE;
}

/* Some at a time: the disk is waited for once, and the other account's thread not for long. */
static gboolean
announce_some(struct filing *f, const msgid *ids, guint n, GError **error)
{
	gboolean ok = store_begin(f->store, TRUE, error);

	if (!ok)
		return FALSE;
	for (guint i = 0; ok && i < n; i++)
		ok = announce_one(f, ids[i], error);
	if (ok)
		return store_commit(f->store, error);
	store_rollback(f->store);
	return FALSE;
}

static gboolean
announce_all(struct filing *f, GError **error)
{
	const GArray *ids = f->ids;
	gboolean ok = TRUE;

	for (guint i = 0; ok && i < ids->len; i += ANNOUNCE_AT_ONCE)
		ok = announce_some(f, &g_array_index(ids, msgid, i), MIN(ids->len - i, ANNOUNCE_AT_ONCE),
		                   error);
	return ok;
}

static gboolean
drop_append(struct store *store, const char *key, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_op *op = store_op_by_key(store, key, &failed);
	gboolean ok = !failed && (!op || store_op_drop(store, op->id, &failed));

	store_op_free(op);
	if (failed)
		g_propagate_error(error, g_steal_pointer(&failed));
	return ok;
}

/* What was announced is not to come after all. */
static void
withdraw(struct filing *f)
{
	struct account *a = f->change->account;

	for (guint i = 0; i < f->made->len; i++) {
		g_autofree char *key = transfer_key(a, f->token, g_array_index(f->ids, msgid, i));
		g_autoptr(GError) error = NULL;

		if (!drop_append(f->store, key, &error))
			journal_tell(a, 0, error->message);
	}
}

static gboolean
file_all(struct filing *f, gboolean move, GError **error)
{
	struct change *change = f->change;
	struct account *a = change->account;
	const GArray *ids = change->command->ids;
	g_autofree char *target = g_strconcat(f->settings->id, "/", f->path, NULL);
	int lock = transfer_lock(f->settings, LOCK_SH, error);
	gboolean ok;

	if (lock < 0)
		return FALSE;
	f->token = g_uuid_string_random();
	f->pairs = g_string_new(NULL);
	f->made = g_array_new(FALSE, FALSE, sizeof(msgid));
	/* What comes to a server first is its oldest. */
	f->ids = g_array_copy((GArray *)ids);
	ok = store_oldest_first(a->store, f->ids, error) && announce_all(f, error) &&
	     remember(a, f->token, f->pairs->str, error) &&
	     store_journal_transfer(a->store, (const msgid *)(const void *)ids->data, ids->len, target, move,
	                            f->token, &change->step, error);
	if (!ok)
		withdraw(f);
	close(lock);
	change->target = g_steal_pointer(&target);
	return ok;
}

/* The new ids, in the order of those that were asked for. */
static void
tell_new(const struct filing *f)
{
	const GArray *asked = f->change->command->ids;
	g_autoptr(GHashTable) at = g_hash_table_new(g_int64_hash, g_int64_equal);

	for (guint i = 0; i < f->ids->len; i++)
		g_hash_table_insert(at, &g_array_index(f->ids, msgid, i), &g_array_index(f->made, msgid, i));
	for (guint i = 0; i < asked->len; i++) {
		const msgid *made = g_hash_table_lookup(at, &g_array_index(asked, msgid, i));

		change_new_id(f->change, *made, f->settings->id);
	}
}

gboolean
transfer_file(struct change *change, gboolean move, GError **error)
{
	struct filing f = {.change = change};
	const GArray *ids = change->command->ids;
	guint n = ids ? ids->len : 0;
	gboolean ok =
	        change_touch_rows(change, n ? (const msgid *)(const void *)ids->data : NULL, n, error) &&
	        (!move || change_may(change, "te", 0, error)) && filing_open(&f, error) &&
	        find_target(&f, error) && (!n || file_all(&f, move, error));

	if (ok && n)
		tell_new(&f);
	if (f.settings)
		bus_wake(change->account->bus, f.settings->id);
	filing_clear(&f);
	return ok;
}

/* ---- who waits for whom ---- */

void
transfer_wake(struct account *a, const char *name)
{
	gsize n = strcspn(name, "/:");
	g_autofree char *id = g_strndup(name, n);

	bus_wake(a->bus, id);
}

gboolean
transfer_is_source(const char *key)
{
	return key && strchr(key, ':');
}

void
transfer_tell_sources(struct account *a)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, a->sources);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		transfer_wake(a, key);
	g_hash_table_remove_all(a->sources);
}
