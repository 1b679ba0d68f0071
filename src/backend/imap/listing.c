#include <string.h>
#include "backend/imap/imap-private.h"
#include "backend/roles.h"

/* What was listed goes into the store: which folder is which that is there already, what each is for, and a
 * name for each that a person can tell from the others. */

static void
assign_roles(const struct conf_account *account, struct imap_listing *listing)
{
	g_autofree struct role_folder *list = g_new0(struct role_folder, g_hash_table_size(listing->by_wire));
	g_autofree struct store_folder **folders =
	        g_new0(struct store_folder *, g_hash_table_size(listing->by_wire));
	GHashTableIter iter;
	gpointer value;
	guint n = 0;

	g_hash_table_iter_init(&iter, listing->by_wire);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct imap_listed *listed = value;
		struct store_folder *folder = listed->folder;

		if (!folder->selectable || listed->foreign)
			continue;
		folders[n] = folder;
		list[n++] = (struct role_folder){folder->path, folder->role};
	}
	roles_assign(account, list, n);
	for (guint i = 0; i < n; i++) {
		char *role = g_strdup(list[i].role);

		g_free(folders[i]->role);
		folders[i]->role = role;
	}
}

/* ---- names that look alike ---- */

/* What a folder was called the last time, when that is path or path with a number. */
static const char *
former_path(const struct imap_listed *listed)
{
	const struct store_folder *was = listed->was;
	gsize len = strlen(listed->folder->path);

	if (was && !strcmp(was->wire, listed->folder->wire) &&
	    g_str_has_prefix(was->path, listed->folder->path) &&
	    (!was->path[len] || g_str_has_prefix(was->path + len, " (")))
		return was->path;
	return NULL;
}

static int
by_wire(gconstpointer a, gconstpointer b)
{
	return strcmp((*(struct store_folder *const *)a)->wire, (*(struct store_folder *const *)b)->wire);
}

static gboolean
take_path(GHashTable *taken, struct store_folder *folder, const char *path)
{
	if (g_hash_table_contains(taken, path))
		return FALSE;
	if (strcmp(folder->path, path)) {
		g_free(folder->path);
		folder->path = g_strdup(path);
	}
	g_hash_table_add(taken, folder->path);
	return TRUE;
}

static void
number(GHashTable *taken, struct store_folder *folder)
{
	g_autofree char *stem = g_strdup(folder->path);
	gboolean ok = take_path(taken, folder, stem);

	for (guint n = 2; !ok; n++) {
		g_autofree char *path = g_strdup_printf("%s (%u)", stem, n);

		ok = take_path(taken, folder, path);
	}
}

static gboolean
all_differ(const struct imap_listing *listing)
{
	g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, listing->by_wire);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (!g_hash_table_add(paths, ((struct imap_listed *)value)->folder->path))
			return FALSE;
	return TRUE;
}

/* Names that differ on the server may look alike here: octets that cannot be decoded, several delimiters. A
 * person must be able to name each, so all but one get a number, which they keep. */
static void
tell_apart(struct imap_listing *listing)
{
	g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) rest = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	if (all_differ(listing))
		return;
	g_hash_table_iter_init(&iter, listing->by_wire);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct imap_listed *listed = value;
		const char *former = former_path(listed);

		if (!former || !take_path(taken, listed->folder, former))
			g_ptr_array_add(rest, listed->folder);
	}
	g_ptr_array_sort(rest, by_wire);
	for (guint i = 0; i < rest->len; i++)
		number(taken, rest->pdata[i]);
}

/* ---- which is which ---- */

static void
match(struct imap_listed *listed, struct store_folder *was, GHashTable *matched)
{
	if (listed->was || !g_hash_table_add(matched, was))
		return;
	listed->was = was;
	listed->folder->id = was->id;
}

/* MAILBOXID (RFC 8474) stays with a folder whatever its name becomes. */
static void
match_by_id(struct imap_listing *listing, const GPtrArray *folders, GHashTable *matched)
{
	g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
	GHashTableIter iter;
	gpointer value;

	for (guint i = 0; i < folders->len; i++) {
		struct store_folder *was = folders->pdata[i];

		if (was->mailbox_id && *was->mailbox_id)
			g_hash_table_insert(by_id, was->mailbox_id, was);
	}
	g_hash_table_iter_init(&iter, listing->by_wire);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const char *id = ((struct imap_listed *)value)->folder->mailbox_id;
		struct store_folder *was = id && *id ? g_hash_table_lookup(by_id, id) : NULL;

		if (was)
			match(value, was, matched);
	}
}

/* Not when the server says that it is another folder by now. */
static void
match_by_name(struct imap_listing *listing, const GPtrArray *folders, GHashTable *matched)
{
	for (guint i = 0; i < folders->len; i++) {
		struct store_folder *was = folders->pdata[i];
		struct imap_listed *listed = g_hash_table_lookup(listing->by_wire, was->wire);
		const char *id = listed ? listed->folder->mailbox_id : NULL;

		if (listed &&
		    (!id || !*id || !was->mailbox_id || !*was->mailbox_id || !strcmp(id, was->mailbox_id)))
			match(listed, was, matched);
	}
}

static char *
looks(guint64 uidvalidity, guint64 uidnext, guint64 messages)
{
	if (!uidvalidity || !uidnext || !messages)
		return NULL;
	return g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, uidvalidity,
	                       uidnext, messages);
}

/* What is in several places is nothing to go by. */
static void
note_looks(GHashTable *table, char *key, gpointer value)
{
	if (key)
		g_hash_table_insert(table, key, g_hash_table_contains(table, key) ? NULL : value);
}

/* Without MAILBOXID: a name that went and a name that came, with the same UIDVALIDITY, UIDNEXT and number of
 * messages. Of several that look alike none is taken. */
static void
match_by_looks(struct imap_listing *listing, const GPtrArray *folders, GHashTable *matched)
{
	g_autoptr(GHashTable) lost = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) new = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iter;
	gpointer key, value;

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *was = folders->pdata[i];

		if (!g_hash_table_contains(matched, was))
			note_looks(lost, looks(was->uidvalidity, was->uidnext, was->exists), (gpointer)was);
	}
	g_hash_table_iter_init(&iter, listing->by_wire);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct imap_listed *l = value;

		if (!l->was && l->has_uidvalidity)
			note_looks(new, looks(l->uidvalidity, l->uidnext, l->messages), value);
	}
	g_hash_table_iter_init(&iter, new);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		struct store_folder *was = g_hash_table_lookup(lost, key);

		if (was && value)
			match(value, was, matched);
	}
}

/* ---- into the store ---- */

static gboolean
is_renamed(const struct imap_listed *listed)
{
	return listed->was && strcmp(listed->was->wire, listed->folder->wire);
}

/* A name may be another's by now that is written later. */
static gboolean
free_name(struct backend *b, const struct imap_listed *listed, GError **error)
{
	struct store_folder folder = *listed->was;
	g_autofree char *wire = g_strdup_printf("%" G_GINT64_FORMAT, folder.id);

	folder.wire = wire;
	return store_folder_put(b->env->store, &folder, error);
}

static gboolean
put_folder(struct backend *b, const struct imap_listed *listed, GError **error)
{
	struct store_folder *folder = listed->folder;
	const struct store_folder *was = listed->was;

	if (!b->listing->extended && g_hash_table_contains(b->listing->subscribed, folder->wire))
		folder->subscribed = TRUE;
	if (was) {
		if (!folder->mailbox_id)
			folder->mailbox_id = g_strdup(was->mailbox_id);
		if (!*folder->rights) {
			g_free(folder->rights);
			folder->rights = g_strdup(was->rights);
		}
		if (!listed->has_messages)
			folder->server_total = was->server_total;
		if (!listed->has_unseen)
			folder->server_unread = was->server_unread;
		if (!folder->server_size)
			folder->server_size = was->server_size;
		if (!listed->has_uidnext)
			folder->server_uidnext = was->server_uidnext;
		/* While it is open its EXISTS is newer than any STATUS. */
		if (was->id == b->box.folder && b->box.resynced)
			folder->server_total = b->box.exists;
	}
	return store_folder_put(b->env->store, folder, error);
}

/* INBOX always exists, whatever a server leaves out of LIST. One that is to be made is not there yet. */
static gboolean
remove_lost(struct backend *b, const GPtrArray *folders, GHashTable *matched, GError **error)
{
	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *was = folders->pdata[i];

		if (g_hash_table_contains(matched, was) || was->pending || !strcmp(was->path, "INBOX"))
			continue;
		if (!store_folder_remove(b->env->store, was->id, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
write_all(struct backend *b, const GPtrArray *folders, GHashTable *matched, GError **error)
{
	GHashTableIter iter;
	gpointer value;
	gboolean ok = store_begin(b->env->store, FALSE, error) && remove_lost(b, folders, matched, error);

	g_hash_table_iter_init(&iter, b->listing->by_wire);
	while (ok && g_hash_table_iter_next(&iter, NULL, &value))
		ok = !is_renamed(value) || free_name(b, value, error);
	g_hash_table_iter_init(&iter, b->listing->by_wire);
	while (ok && g_hash_table_iter_next(&iter, NULL, &value))
		ok = put_folder(b, value, error);
	if (ok)
		return store_commit(b->env->store, error);
	store_rollback(b->env->store);
	return FALSE;
}

gboolean
imap_listing_put(struct backend *b, GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(b->env->store, error);
	g_autoptr(GHashTable) matched = g_hash_table_new(NULL, NULL);

	if (!folders)
		return FALSE;
	assign_roles(b->env->account, b->listing);
	match_by_id(b->listing, folders, matched);
	match_by_name(b->listing, folders, matched);
	match_by_looks(b->listing, folders, matched);
	tell_apart(b->listing);
	return write_all(b, folders, matched, error);
}
