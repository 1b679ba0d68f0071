#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"

/* The folder list with roles, counts and rights: one flight where LIST-EXTENDED and LIST-STATUS are offered,
 * else LIST, LSUB and a STATUS each. Folders of others and shared ones that "*" does not show are asked for
 * by the prefixes that NAMESPACE tells. LIST (listing.c) is over when nothing is under way any more. */

enum { STATUS_AT_MOST = 200, FOLDERS_AT_MOST = 20000, PREFIXES_AT_MOST = 16 };

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

gboolean
imap_has_attribute(const struct imap_node *first, const char *name)
{
	for (const struct imap_node *n = first; n; n = n->next)
		if (imap_node_is(n, name))
			return TRUE;
	return FALSE;
}

static void
listed_free(gpointer data)
{
	struct imap_listed *listed = data;

	store_folder_free(listed->folder);
	g_free(listed);
}

static void
listing_free(struct imap_listing *listing)
{
	g_hash_table_unref(listing->by_wire);
	g_hash_table_unref(listing->subscribed);
	g_hash_table_unref(listing->foreign);
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

/* ---- what is told ---- */

static void
add_listed(struct backend *b, struct store_folder *folder)
{
	struct imap_listed *listed = g_new0(struct imap_listed, 1);

	listed->folder = folder;
	g_hash_table_replace(b->listing->by_wire, folder->wire, listed);
}

void
imap_on_list(struct backend *b, const struct imap_response *response)
{
	struct imap_list list;
	struct store_folder *folder;
	char *wire;

	if (!imap_list_decode(response, &list) || !list.name_len || memchr(list.name, 0, list.name_len))
		return;
	/* A new name, or the end of a folder, is never an answer: it comes while the list is told and may
	 * contradict it. */
	if (!b->listing || list.extended || imap_has_attribute(list.attributes, "\\NonExistent"))
		imap_notify_list(b, &list);
	if (!b->listing || too_many(b))
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
	folder->path = imap_path_of(b, list.name, list.name_len, list.delimiter);
	folder->delimiter = list.delimiter;
	folder->selectable = !imap_has_attribute(list.attributes, "\\Noselect") &&
	                     !imap_has_attribute(list.attributes, "\\NonExistent");
	folder->subscribed = imap_has_attribute(list.attributes, "\\Subscribed");
	folder->rights = g_strdup("");
	folder->role = g_strdup(role_by_attribute(list.attributes));
	add_listed(b, folder);
}

static struct imap_listed *
listed_by_name(struct backend *b, const unsigned char *name, gsize len)
{
	g_autofree char *wire = g_strndup((const char *)name, len);
	struct imap_listed *listed = g_hash_table_lookup(b->listing->by_wire, wire);

	if (!listed && !g_ascii_strcasecmp(wire, "INBOX"))
		listed = g_hash_table_lookup(b->listing->by_wire, "INBOX");
	return listed;
}

static void
apply_status(struct imap_listed *listed, const struct imap_status_data *status)
{
	struct store_folder *folder = listed->folder;

	if ((listed->has_messages = status->has_messages))
		folder->server_total = listed->messages = status->messages;
	if ((listed->has_unseen = status->has_unseen))
		folder->server_unread = status->unseen;
	if ((listed->has_uidnext = status->has_uidnext))
		folder->server_uidnext = listed->uidnext = status->uidnext;
	if (status->has_size)
		folder->server_size = status->size;
	if ((listed->has_uidvalidity = status->has_uidvalidity))
		listed->uidvalidity = status->uidvalidity;
	if (status->mailbox_id) {
		g_free(folder->mailbox_id);
		folder->mailbox_id = g_strdup(status->mailbox_id);
	}
}

void
imap_on_status(struct backend *b, const struct imap_response *response)
{
	struct imap_status_data status;
	struct imap_listed *listed;

	if (!imap_status_decode(response, &status))
		return;
	if (!b->listing) {
		imap_notify_status(b, &status);
		return;
	}
	listed = listed_by_name(b, status.name, status.name_len);
	if (listed)
		apply_status(listed, &status);
}

void
imap_on_rights(struct backend *b, const struct imap_response *response)
{
	struct imap_rights rights;
	struct imap_listed *listed;

	if (!b->listing || !imap_rights_decode(response, &rights))
		return;
	listed = listed_by_name(b, rights.name, rights.name_len);
	if (!listed)
		return;
	g_free(listed->folder->rights);
	listed->folder->rights = g_utf8_make_valid(rights.rights, -1);
}

static void
add_prefixes(struct imap_listing *listing, const struct imap_namespace *list, guint n)
{
	for (guint i = 0; i < n && g_hash_table_size(listing->foreign) < PREFIXES_AT_MOST; i++)
		if (list[i].len && !memchr(list[i].prefix, 0, list[i].len))
			g_hash_table_add(listing->foreign,
			                 g_strndup((const char *)list[i].prefix, list[i].len));
}

/* The person's own are not needed: "*" shows those, with their prefix if they have one. */
void
imap_on_namespace(struct backend *b, const struct imap_response *response)
{
	struct imap_namespaces namespaces;

	if (!b->listing || !imap_namespaces_decode(response, &namespaces))
		return;
	add_prefixes(b->listing, namespaces.others, namespaces.n_others);
	add_prefixes(b->listing, namespaces.shared, namespaces.n_shared);
}

/* ---- the end ---- */

static gboolean
is_foreign(const struct imap_listing *listing, const char *wire)
{
	GHashTableIter iter;
	gpointer prefix;

	g_hash_table_iter_init(&iter, listing->foreign);
	while (g_hash_table_iter_next(&iter, &prefix, NULL)) {
		gsize len = strlen(prefix);

		/* "Shared/" itself is told as "Shared" */
		if (!strncmp(wire, prefix, len) ||
		    (strlen(wire) + 1 == len && !strncmp(wire, prefix, len - 1)))
			return TRUE;
	}
	return FALSE;
}

static gboolean
mark_foreign(struct imap_listing *listing)
{
	gboolean any = FALSE;
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, listing->by_wire);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct imap_listed *listed = value;

		listed->foreign = is_foreign(listing, listed->folder->wire);
		any = any || listed->foreign;
	}
	return any;
}

static int
by_name(gconstpointer a, gconstpointer b, gpointer user)
{
	return strcmp(a, b);
}

/* First levels below which all is somebody else's or shared, each on a line: the screen shows them as trees
 * of their own. */
static void
keep_foreign(struct backend *b)
{
	g_autoptr(GTree) tops = g_tree_new_full(by_name, NULL, g_free, NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *before = store_get(b->env->store, "foreign");
	GHashTableIter iter;
	gpointer value;

	for (int own = 0; own < 2; own++) {
		g_hash_table_iter_init(&iter, b->listing->by_wire);
		while (g_hash_table_iter_next(&iter, NULL, &value)) {
			const struct imap_listed *listed = value;
			char *top = g_strndup(listed->folder->path, strcspn(listed->folder->path, "/"));

			if (!own && listed->foreign) {
				g_tree_replace(tops, top, NULL);
				continue;
			}
			if (own && !listed->foreign)
				g_tree_remove(tops, top);
			g_free(top);
		}
	}
	for (GTreeNode *node = g_tree_node_first(tops); node; node = g_tree_node_next(node))
		g_string_append_printf(text, "%s\n", (const char *)g_tree_node_key(node));
	if (g_strcmp0(before ? before : "", text->str))
		store_set(b->env->store, "foreign", text->str, NULL);
}

static void
listing_end(struct backend *b, const GError *error)
{
	struct task *task = b->listing->task;
	g_autoptr(GError) failed = error ? g_error_copy(error) : NULL;

	imap_slice_end(b);
	/* An empty answer would remove every folder: no server has none. */
	if (!failed && g_hash_table_size(b->listing->by_wire)) {
		b->foreign = mark_foreign(b->listing);
		if (imap_listing_put(b, &failed)) {
			b->listed = g_get_monotonic_time();
			keep_foreign(b);
			b->env->hooks->folders(b->env->user);
		}
	}
	g_clear_pointer(&b->listing, listing_free);
	task_release(task, failed);
}

void
imap_listing_drop(struct backend *b, const GError *error)
{
	if (!b->listing)
		return;
	task_release(b->listing->task, error);
	g_clear_pointer(&b->listing, listing_free);
}

/* ---- asking ---- */

/* What a refused LIST has told may be a part of the list; the rest must not be taken for removed. */
static void
list_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	if (b->listing && error && response && !b->listing->refused)
		b->listing->refused = g_error_copy(error);
	task_release(cmd->user, response ? NULL : error);
}

/* Of a folder whose STATUS or MYRIGHTS is refused nothing is known; the list is whole all the same. So it is
 * without LSUB, or what others share. */
static void
extra_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	task_release(cmd->user, response ? NULL : error);
}

static void
ask(struct backend *b, struct task *step, const char *name, const char *arguments, imap_cmd_done done)
{
	struct imap_cmd *cmd = imap_cmd_new(b, name, done, step);

	if (arguments)
		imap_command_atom(cmd->wire, arguments);
	task_hold(step);
	imap_queue(b, cmd);
}

static void
ask_about(struct backend *b, struct task *step, const char *name, const char *wire, const char *items)
{
	struct imap_cmd *cmd = imap_cmd_new(b, name, extra_done, step);

	imap_command_mailbox(cmd->wire, wire);
	if (items)
		imap_command_atom(cmd->wire, items);
	task_hold(step);
	imap_queue(b, cmd);
}

static char *
status_items(const struct backend *b)
{
	return g_strconcat("(MESSAGES UNSEEN UIDNEXT UIDVALIDITY", imap_has(b, "STATUS=SIZE") ? " SIZE" : "",
	                   imap_has(b, "OBJECTID") ? " MAILBOXID" : "", ")", NULL);
}

static char *
list_return(const struct backend *b)
{
	g_autofree char *items = status_items(b);
	gboolean status = imap_has(b, "LIST-STATUS");

	return g_strconcat("RETURN (SUBSCRIBED", imap_has(b, "SPECIAL-USE") ? " SPECIAL-USE" : "",
	                   imap_has(b, "LIST-MYRIGHTS") ? " MYRIGHTS" : "", status ? " STATUS " : "",
	                   status ? items : "", ")", NULL);
}

static void
details_end(const GError *error, void *user)
{
	struct backend *b = user;

	if (b->listing)
		listing_end(b, error);
}

/* INBOX is not in every list (Strato). */
static void
add_inbox(struct backend *b)
{
	struct store_folder *inbox;

	if (g_hash_table_contains(b->listing->by_wire, "INBOX") || !g_hash_table_size(b->listing->by_wire))
		return;
	inbox = g_new0(struct store_folder, 1);
	inbox->wire = g_strdup("INBOX");
	inbox->path = g_strdup("INBOX");
	inbox->rights = g_strdup("");
	inbox->role = g_strdup("");
	inbox->selectable = inbox->subscribed = TRUE;
	add_listed(b, inbox);
}

/* Counts that LIST did not bring, and rights, once on each link. */
static void
ask_details(struct backend *b)
{
	struct task *step = step_new(&b->tasks, details_end, b);
	gboolean rights = imap_has(b, "ACL") && !imap_has(b, "LIST-MYRIGHTS") && !b->rights_asked;
	g_autofree char *items = status_items(b);
	GHashTableIter iter;
	gpointer value;
	guint n = 0;

	add_inbox(b);
	g_hash_table_iter_init(&iter, b->listing->by_wire);
	while (g_hash_table_iter_next(&iter, NULL, &value) && n < STATUS_AT_MOST) {
		const struct imap_listed *listed = value;

		if (!listed->folder->selectable)
			continue;
		n++;
		if (!listed->has_messages && (!b->listing->extended || !imap_has(b, "LIST-STATUS") ||
		                              !strcmp(listed->folder->wire, "INBOX")))
			ask_about(b, step, "STATUS", listed->folder->wire, items);
		if (rights)
			ask_about(b, step, "MYRIGHTS", listed->folder->wire, NULL);
	}
	b->rights_asked = b->rights_asked || rights;
	task_release(step, NULL);
}

static gboolean
is_listed(const struct imap_listing *listing, const char *prefix)
{
	GHashTableIter iter;
	gpointer wire;

	g_hash_table_iter_init(&iter, listing->by_wire);
	while (g_hash_table_iter_next(&iter, &wire, NULL))
		if (g_str_has_prefix(wire, prefix))
			return TRUE;
	return FALSE;
}

static void
foreign_end(const GError *error, void *user)
{
	struct backend *b = user;

	if (!b->listing)
		return;
	if (error)
		listing_end(b, error);
	else
		ask_details(b);
}

/* Names that begin with "#" (RFC 3501 §5.1.2), and what a server keeps apart, "*" does not show. */
static void
ask_foreign(struct backend *b)
{
	struct task *step = step_new(&b->tasks, foreign_end, b);
	g_autofree char *items = b->listing->extended ? list_return(b) : NULL;
	GHashTableIter iter;
	gpointer prefix;

	g_hash_table_iter_init(&iter, b->listing->foreign);
	while (g_hash_table_iter_next(&iter, &prefix, NULL)) {
		g_autofree char *pattern = g_strconcat(prefix, "*", NULL);
		struct imap_cmd *cmd;

		if (is_listed(b->listing, prefix))
			continue;
		cmd = imap_cmd_new(b, "LIST", extra_done, step);
		imap_command_atom(cmd->wire, "\"\"");
		imap_command_string(cmd->wire, pattern, strlen(pattern));
		if (items)
			imap_command_atom(cmd->wire, items);
		task_hold(step);
		imap_queue(b, cmd);
	}
	task_release(step, NULL);
}

static void ask_plainly(struct backend *b, gboolean namespaces);

static void
list_end(const GError *error, void *user)
{
	struct backend *b = user;
	struct imap_listing *listing = b->listing;

	if (!listing)
		return;
	if (!error && listing->extended && (listing->refused || !g_hash_table_size(listing->by_wire))) {
		g_clear_error(&listing->refused); /* advertised, yet refused or answered with nothing */
		ask_plainly(b, FALSE);
	} else if (error || listing->refused) {
		listing_end(b, error ? error : listing->refused);
	} else {
		ask_foreign(b);
	}
}

static void
ask_namespaces(struct backend *b, struct task *step)
{
	if (imap_has(b, "NAMESPACE"))
		ask(b, step, "NAMESPACE", NULL, extra_done);
}

static void
ask_plainly(struct backend *b, gboolean namespaces)
{
	struct task *step = step_new(&b->tasks, list_end, b);

	b->listing->extended = FALSE;
	if (namespaces)
		ask_namespaces(b, step);
	ask(b, step, "LIST", "\"\" \"*\"", list_done);
	ask(b, step, "LSUB", "\"\" \"*\"", extra_done);
	task_release(step, NULL);
}

static void
ask_extended(struct backend *b)
{
	struct task *step = step_new(&b->tasks, list_end, b);
	g_autofree char *items = list_return(b);
	g_autofree char *arguments = g_strconcat("\"\" \"*\" ", items, NULL);

	b->listing->extended = TRUE;
	ask_namespaces(b, step);
	ask(b, step, "LIST", arguments, list_done);
	task_release(step, NULL);
}

void
imap_folders(struct backend *b, backend_done done, void *user)
{
	struct task *task = task_new(&b->tasks, done, user);

	if (b->listing) { /* one is under way: its answer is fresh enough */
		task_release(task, NULL);
		return;
	}
	b->listing = g_new0(struct imap_listing, 1);
	b->listing->task = task;
	b->listing->by_wire = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, listed_free);
	b->listing->subscribed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	b->listing->foreign = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (imap_has(b, "LIST-EXTENDED"))
		ask_extended(b);
	else
		ask_plainly(b, TRUE);
}
