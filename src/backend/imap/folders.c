#include <string.h>
#include "backend/imap/imap-private.h"
#include "backend/roles.h"
#include "base/error.h"
#include "base/i18n.h"

/* The folder list with roles and counts: one flight where LIST-EXTENDED and LIST-STATUS are offered, else
 * LIST, LSUB and a STATUS each. */

struct imap_listing {
	struct imap_task *task;
	GHashTable *by_wire; /* wire name → struct store_folder *, whose rows_seen … */
	gboolean extended;
	GHashTable *subscribed; /* wire names LSUB told */
	GError *refused;        /* why LIST was, or NULL */
	guint told;             /* LIST and LSUB responses */
};

enum { STATUS_AT_MOST = 200, FOLDERS_AT_MOST = 20000 };

static const struct {
	const char *attribute, *role;
} special[] = {
        {"\\Sent", "sent"},       {"\\Drafts", "drafts"},   {"\\Trash", "trash"}, {"\\Archive", "archive"},
        {"\\Junk", "junk"},       {"\\Spam", "junk"},       {"\\All", "all"},     {"\\AllMail", "all"},
        {"\\Flagged", "flagged"}, {"\\Starred", "flagged"},
};

static const char *
role_by_attribute(const struct imap_node *attributes)
{
	for (const struct imap_node *n = attributes; n; n = n->next)
		for (guint i = 0; i < G_N_ELEMENTS(special); i++)
			if (imap_node_is(n, special[i].attribute))
				return special[i].role;
	return "";
}

/* "a.b" with delimiter "." → "a/b"; a "/" inside a level becomes U+2215, which looks alike and separates
 * nothing. */
static char *
path_of(const unsigned char *name, gsize len, char delimiter)
{
	char *utf8 = imap_utf7_to_utf8(name, len);
	GString *path = g_string_new(NULL);

	if (!utf8)
		utf8 = g_utf8_make_valid((const char *)name, (gssize)len);
	for (const char *p = utf8; *p; p++) {
		if (delimiter && *p == delimiter)
			g_string_append_c(path, '/');
		else if (*p == '/')
			g_string_append(path, "\xe2\x88\x95");
		else
			g_string_append_c(path, *p);
	}
	if (!g_ascii_strncasecmp(path->str, "INBOX", 5) && (!path->str[5] || path->str[5] == '/'))
		memcpy(path->str, "INBOX", 5);
	g_free(utf8);
	return g_string_free(path, FALSE);
}

static gboolean
has_attribute(const struct imap_node *first, const char *name)
{
	for (const struct imap_node *n = first; n; n = n->next)
		if (imap_node_is(n, name))
			return TRUE;
	return FALSE;
}

static void
listing_free(struct imap_listing *listing)
{
	g_hash_table_unref(listing->by_wire);
	g_hash_table_unref(listing->subscribed);
	g_clear_error(&listing->refused);
	g_free(listing);
}

static gboolean
too_many(struct backend *b)
{
	g_autoptr(GError) error = NULL;

	if (++b->listing->told <= 3 * FOLDERS_AT_MOST &&
	    g_hash_table_size(b->listing->by_wire) <= FOLDERS_AT_MOST)
		return FALSE;
	fulmar_fail(&error, FULMAR_NO_LINK, _("%s names more than %d folders; the connection was closed"),
	            b->env->account->host, FOLDERS_AT_MOST);
	imap_drop(b, error);
	return TRUE;
}

void
imap_on_list(struct backend *b, const struct imap_response *response)
{
	struct imap_list list;
	struct store_folder *folder;
	char *wire;

	if (!b->listing || !imap_list_decode(response, &list) || !list.name_len ||
	    memchr(list.name, 0, list.name_len))
		return;
	if (too_many(b))
		return;
	wire = g_strndup((const char *)list.name, list.name_len);
	if (!g_ascii_strcasecmp(wire, "INBOX"))
		memcpy(wire, "INBOX", 5); /* one folder in whatever case it is told */
	if (!strcmp(response->name, "LSUB")) {
		g_hash_table_add(b->listing->subscribed, wire);
		return;
	}
	folder = g_new0(struct store_folder, 1);
	folder->wire = wire;
	folder->path = path_of(list.name, list.name_len, list.delimiter);
	folder->delimiter = list.delimiter;
	folder->selectable = !has_attribute(list.attributes, "\\Noselect") &&
	                     !has_attribute(list.attributes, "\\NonExistent");
	folder->subscribed = has_attribute(list.attributes, "\\Subscribed");
	folder->rights = g_strdup("");
	folder->role = g_strdup(role_by_attribute(list.attributes));
	g_hash_table_replace(b->listing->by_wire, folder->wire, folder);
}

static void
apply_status(struct store_folder *folder, const struct imap_status_data *status)
{
	if (status->has_messages)
		folder->server_total = status->messages;
	if (status->has_unseen)
		folder->server_unread = status->unseen;
	if (status->mailbox_id) {
		g_free(folder->mailbox_id);
		folder->mailbox_id = g_strdup(status->mailbox_id);
	}
}

void
imap_on_status(struct backend *b, const struct imap_response *response)
{
	struct imap_status_data status;
	struct store_folder *folder;
	g_autofree char *wire = NULL;

	if (!b->listing || !imap_status_decode(response, &status))
		return;
	wire = g_strndup((const char *)status.name, status.name_len);
	folder = g_hash_table_lookup(b->listing->by_wire, wire);
	if (!folder && !g_ascii_strcasecmp(wire, "INBOX"))
		folder = g_hash_table_lookup(b->listing->by_wire, "INBOX");
	if (folder)
		apply_status(folder, &status);
}

/* ---- into the store ---- */

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
		struct store_folder *folder = value;

		if (!folder->selectable)
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

/* What a folder was called the last time, when that is path or path with a number. */
static const char *
former_path(GHashTable *old, const struct store_folder *folder)
{
	const struct store_folder *was = g_hash_table_lookup(old, folder->wire);
	gsize len = strlen(folder->path);

	if (was && g_str_has_prefix(was->path, folder->path) &&
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
		if (!g_hash_table_add(paths, ((struct store_folder *)value)->path))
			return FALSE;
	return TRUE;
}

/* Names that differ on the server may look alike here: octets that cannot be decoded, several delimiters. A
 * person must be able to name each, so all but one get a number, which they keep. */
static void
tell_apart(struct imap_listing *listing, GHashTable *old)
{
	g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) rest = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	if (all_differ(listing))
		return;
	g_hash_table_iter_init(&iter, listing->by_wire);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const char *former = former_path(old, value);

		if (!former || !take_path(taken, value, former))
			g_ptr_array_add(rest, value);
	}
	g_ptr_array_sort(rest, by_wire);
	for (guint i = 0; i < rest->len; i++)
		number(taken, rest->pdata[i]);
}

static gboolean
put_folder(struct backend *b, struct store_folder *folder, GHashTable *old, GError **error)
{
	const struct store_folder *was = g_hash_table_lookup(old, folder->wire);

	if (!b->listing->extended && g_hash_table_contains(b->listing->subscribed, folder->wire))
		folder->subscribed = TRUE;
	if (was) {
		folder->id = was->id;
		if (!folder->mailbox_id)
			folder->mailbox_id = g_strdup(was->mailbox_id);
		/* While it is open its EXISTS is newer than any STATUS. */
		if (was->id == b->box.folder && b->box.resynced)
			folder->server_total = b->box.exists;
	}
	return store_folder_put(b->env->store, folder, error);
}

static gboolean
remove_lost(struct backend *b, GHashTable *old, GError **error)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, old);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct store_folder *was = value;

		/* INBOX always exists, whatever a server leaves out of LIST. */
		if (g_hash_table_contains(b->listing->by_wire, was->wire) || !strcmp(was->path, "INBOX"))
			continue;
		if (!store_folder_remove(b->env->store, was->id, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
write_all(struct backend *b, GHashTable *old, GError **error)
{
	GHashTableIter iter;
	gpointer value;
	gboolean ok = store_begin(b->env->store, FALSE, error) && remove_lost(b, old, error);

	g_hash_table_iter_init(&iter, b->listing->by_wire);
	while (ok && g_hash_table_iter_next(&iter, NULL, &value))
		ok = put_folder(b, value, old, error);
	if (ok)
		return store_commit(b->env->store, error);
	store_rollback(b->env->store);
	return FALSE;
}

static gboolean
put_all(struct backend *b, GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(b->env->store, error);
	g_autoptr(GHashTable) old = g_hash_table_new(g_str_hash, g_str_equal);

	if (!folders)
		return FALSE;
	for (guint i = 0; i < folders->len; i++)
		g_hash_table_insert(old, ((struct store_folder *)folders->pdata[i])->wire, folders->pdata[i]);
	tell_apart(b->listing, old);
	return write_all(b, old, error);
}

static void
listing_end(struct backend *b, const GError *error)
{
	struct imap_task *task = b->listing->task;
	g_autoptr(GError) failed = error ? g_error_copy(error) : NULL;

	imap_slice_end(b);
	/* An empty answer would remove every folder: no server has none. */
	if (!failed && g_hash_table_size(b->listing->by_wire)) {
		assign_roles(b->env->account, b->listing);
		if (put_all(b, &failed))
			b->env->hooks->folders(b->env->user);
	}
	g_clear_pointer(&b->listing, listing_free);
	imap_task_release(task, failed);
}

void
imap_listing_drop(struct backend *b, const GError *error)
{
	if (!b->listing)
		return;
	imap_task_release(b->listing->task, error);
	g_clear_pointer(&b->listing, listing_free);
}

/* ---- asking ---- */

static void
status_end(const GError *error, void *user)
{
	struct backend *b = user;

	if (b->listing)
		listing_end(b, error);
}

static void
status_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
            const GError *error)
{
	/* A folder whose STATUS is refused has no counts; the list is whole all the same. */
	imap_task_release(cmd->user, response ? NULL : error);
}

static void
ask_status(struct backend *b)
{
	struct imap_task *step = imap_step_new(b, status_end, b);
	GHashTableIter iter;
	gpointer value;
	guint n = 0;

	g_hash_table_iter_init(&iter, b->listing->by_wire);
	while (g_hash_table_iter_next(&iter, NULL, &value) && n++ < STATUS_AT_MOST) {
		struct store_folder *folder = value;
		struct imap_cmd *cmd;

		if (!folder->selectable)
			continue;
		cmd = imap_cmd_new(b, "STATUS", status_done, step);
		imap_command_mailbox(cmd->wire, folder->wire);
		imap_command_atom(cmd->wire, "(MESSAGES UNSEEN)");
		imap_task_hold(step);
		imap_queue(b, cmd);
	}
	imap_task_release(step, NULL);
}

static void
lsub_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	if (!b->listing)
		return;
	if (!response || b->listing->refused)
		listing_end(b, response ? b->listing->refused : error);
	else
		ask_status(b);
}

/* What a refused LIST has told may be a part of the list; the rest must not be taken for removed. */
static void
plain_list_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
                const GError *error)
{
	if (b->listing && error)
		b->listing->refused = g_error_copy(error);
}

static void
ask_plainly(struct backend *b)
{
	struct imap_cmd *list = imap_cmd_new(b, "LIST", plain_list_done, NULL),
	                *lsub = imap_cmd_new(b, "LSUB", lsub_done, NULL);

	b->listing->extended = FALSE;
	imap_command_atom(list->wire, "\"\" \"*\"");
	imap_command_atom(lsub->wire, "\"\" \"*\"");
	imap_queue(b, list);
	imap_queue(b, lsub);
}

static void
extended_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
              const GError *error)
{
	if (!b->listing)
		return;
	if (!response)
		listing_end(b, error);
	else if (error || !g_hash_table_size(b->listing->by_wire))
		ask_plainly(b); /* advertised, yet refused or answered with nothing */
	else if (!imap_has(b, "LIST-STATUS"))
		ask_status(b);
	else
		listing_end(b, NULL);
}

static void
ask_extended(struct backend *b)
{
	struct imap_cmd *cmd = imap_cmd_new(b, "LIST", extended_done, NULL);
	g_autofree char *items =
	        g_strdup_printf("RETURN (SUBSCRIBED%s%s)", imap_has(b, "SPECIAL-USE") ? " SPECIAL-USE" : "",
	                        !imap_has(b, "LIST-STATUS") ? ""
	                        : imap_has(b, "OBJECTID")   ? " STATUS (MESSAGES UNSEEN MAILBOXID)"
	                                                    : " STATUS (MESSAGES UNSEEN)");

	b->listing->extended = TRUE;
	imap_command_atom(cmd->wire, "\"\" \"*\"");
	imap_command_atom(cmd->wire, items);
	imap_queue(b, cmd);
}

void
imap_folders(struct backend *b, backend_done done, void *user)
{
	struct imap_task *task = imap_task_new(b, done, user);

	if (b->listing) { /* one is under way: its answer is fresh enough */
		imap_task_release(task, NULL);
		return;
	}
	b->listing = g_new0(struct imap_listing, 1);
	b->listing->task = task;
	b->listing->by_wire = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, store_folder_free);
	b->listing->subscribed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (imap_has(b, "LIST-EXTENDED"))
		ask_extended(b);
	else
		ask_plainly(b);
}
