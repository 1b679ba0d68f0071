#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "core/account-private.h"

/* Messages: flags, and where they are filed. */

static const msgid *
ids_of(const GArray *ids)
{
	return ids ? (const msgid *)(const void *)ids->data : NULL;
}

static guint
count_of(const GArray *ids)
{
	return ids ? ids->len : 0;
}

/* FALSE with error when one is not here: before anything is made for them. */
static gboolean
look_at(struct change *change, const GArray *ids, GError **error)
{
	return change_touch_rows(change, ids_of(ids), count_of(ids), error);
}

static char *
path_of(struct account *a, gint64 folder)
{
	struct store_folder *f = store_folder_by_id(a->store, folder, NULL);
	char *path = g_strdup(f ? f->path : "");

	store_folder_free(f);
	return path;
}

/* ---- flags ---- */

static const char *
rights_for(guint flags, gboolean keywords)
{
	gboolean seen = (flags & FLAG_SEEN) != 0, deleted = (flags & FLAG_DELETED) != 0,
	         other = keywords || (flags & ~(guint)(FLAG_SEEN | FLAG_DELETED)) != 0;
	static const char *const rights[2][2][2] = {{{"", "w"}, {"t", "wt"}}, {{"s", "sw"}, {"st", "swt"}}};

	return rights[seen][deleted][other];
}

/* FALSE when it is known that one of the folders does not keep \Seen. */
static gboolean
keep_seen(const struct change *change)
{
	const struct account *a = change->account;
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, change->touched);
	while (a->ops->keeps_seen && g_hash_table_iter_next(&iter, &key, NULL))
		for (guint i = 0; i < LANES; i++)
			if (a->lanes[i].backend &&
			    !a->ops->keeps_seen(a->lanes[i].backend, *(const gint64 *)key))
				return FALSE;
	return TRUE;
}

/* By itself: where the server would not have it, it is not worth a word, and the messages stay new. */
static gboolean
flag_seen(struct change *change, GError **error)
{
	const struct command *c = change->command;

	if (!change->n || !change_may(change, rights_for(FLAG_SEEN, FALSE), 0, NULL) || !keep_seen(change)) {
		change->n = 0;
		return TRUE;
	}
	return store_journal_seen(change->account->store, ids_of(c->ids), c->ids->len, error);
}

gboolean
file_flag(struct change *change, GError **error)
{
	const struct command *c = change->command;
	gboolean keywords = (c->text && *c->text) || (c->text2 && *c->text2);

	change->name = "flag";
	if (!look_at(change, c->ids, error))
		return FALSE;
	if (c->op == 1)
		return flag_seen(change, error);
	return change_may(change, rights_for(c->add | c->remove, keywords), 0, error) &&
	       (!change->n || store_journal_flags(change->account->store, ids_of(c->ids), c->ids->len, c->add,
	                                          c->remove, c->text, c->text2, &change->step, error));
}

gboolean
file_flag_all(struct change *change, GError **error)
{
	const struct command *c = change->command;
	struct store_folder *f = store_folder_by_id(change->account->store, c->folder, error);

	if (!f) {
		if (error && !*error)
			fulmar_fail(error, FULMAR_FAILED, _("that folder is gone"));
		return FALSE;
	}
	change->name = "flag";
	change->n = (guint)f->total;
	store_folder_free(f);
	change_touch(change, c->folder);
	return change_may(change, rights_for(c->add | c->remove, FALSE), 0, error) &&
	       store_journal_flag_all(change->account->store, c->folder, c->add, c->remove, &change->step,
	                              error);
}

/* ---- from folder to folder ---- */

/* Where a command goes to: *account NULL when it is this one. */
static gint64
target_of(struct change *change, GError **error)
{
	const struct command *c = change->command;
	struct site site = site_of(change);
	struct store_folder *f;
	gint64 folder;

	if (c->text && *c->text) {
		folder = site_folder(&site, c->text, c->add == 1, error);
		change->folders |= site.made;
		return folder;
	}
	f = store_folder_by_id(change->account->store, c->folder, error);
	if (!f && error && !*error)
		fulmar_fail(error, FULMAR_FAILED, _("that folder is gone"));
	folder = f ? f->id : 0;
	store_folder_free(f);
	return folder;
}

static gboolean
goes_elsewhere(const struct change *change)
{
	const char *other = change->command->text2;

	return other && *other && strcmp(other, change->account->settings->id) != 0;
}

/* ids were looked at before a folder was made for them. */
static gboolean
move_to(struct change *change, const GArray *ids, gint64 to, GError **error)
{
	struct site site = site_of(change);

	if (!to || !change_may(change, "te", to, error) || !site_may(&site, to, "i", error))
		return FALSE;
	change->target = path_of(change->account, to);
	change_touch(change, to);
	return !change->n ||
	       store_journal_move(change->account->store, ids_of(ids), ids->len, to, &change->step, error);
}

gboolean
file_at_once(struct change *change, gboolean (*verb)(struct change *change, GError **error), GError **error)
{
	struct store *store = change->account->store;

	if (!store_begin(store, TRUE, error))
		return FALSE;
	if (verb(change, error))
		return store_commit(store, error);
	store_rollback(store);
	change->step = 0;
	return FALSE;
}

static gboolean
move_rows(struct change *change, GError **error)
{
	return look_at(change, change->command->ids, error) &&
	       move_to(change, change->command->ids, target_of(change, error), error);
}

gboolean
file_move(struct change *change, GError **error)
{
	change->name = "move";
	if (goes_elsewhere(change))
		return transfer_file(change, TRUE, error);
	return file_at_once(change, move_rows, error);
}

gboolean
file_copy(struct change *change, GError **error)
{
	const GArray *ids = change->command->ids;
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	struct site site = site_of(change);
	gint64 to;

	change->name = "copy";
	if (goes_elsewhere(change))
		return transfer_file(change, FALSE, error);
	if (!look_at(change, ids, error))
		return FALSE;
	g_hash_table_remove_all(change->touched); /* nothing changes where they are */
	to = target_of(change, error);
	if (!to || !site_may(&site, to, "i", error))
		return FALSE;
	change->target = path_of(change->account, to);
	if (change->n && !store_journal_copy(change->account->store, ids_of(ids), ids->len, to, copies,
	                                     &change->step, error))
		return FALSE;
	change_touch(change, to);
	for (guint i = 0; i < copies->len; i++)
		change_new_id(change, g_array_index(copies, msgid, i), change->account->settings->id);
	return TRUE;
}

static gboolean
purge(struct change *change, const GArray *ids, GError **error)
{
	return look_at(change, ids, error) && change_may(change, "te", 0, error) &&
	       (!change->n ||
	        store_journal_purge(change->account->store, ids_of(ids), ids->len, &change->step, error));
}

gboolean
file_purge(struct change *change, GError **error)
{
	change->name = "purge";
	return purge(change, change->command->ids, error);
}

static gboolean
move_to_role(struct change *change, const GArray *ids, const char *role, GError **error)
{
	struct site site = site_of(change);
	gint64 to = look_at(change, ids, error) ? site_role(&site, role, TRUE, error) : 0;

	change->folders |= site.made;
	return move_to(change, ids, to, error);
}

/* Those in folder are put into in, the others into out. */
static void
divide(struct account *a, const GArray *ids, gint64 folder, GArray *in, GArray *out)
{
	for (guint i = 0; i < count_of(ids); i++) {
		msgid id = g_array_index(ids, msgid, i);
		struct store_row *row = store_row(a->store, id, NULL);

		g_array_append_val(row && row->folder == folder ? in : out, id);
		store_row_free(row);
	}
}

static gboolean
delete_rows(struct change *change, GError **error)
{
	const GArray *ids = change->command->ids;
	g_autoptr(GArray) in = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GError) failed = NULL;
	struct site site = site_of(change);
	gint64 trash = site_role(&site, "trash", FALSE, &failed);
	guint moved = 0;

	if (failed) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return FALSE;
	}
	divide(change->account, ids, trash ? trash : -1, in, out);
	change->name = out->len ? "delete" : "purge";
	if (out->len) {
		if (!move_to_role(change, out, "trash", error))
			return FALSE;
		moved = change->n;
	}
	if (in->len && !purge(change, in, error))
		return FALSE;
	if (moved && in->len) {
		g_autofree char *first = change_said("delete", moved, change->target);
		g_autofree char *second = change_said("purge", in->len, NULL);

		change->said = g_strdup_printf(_("%s, %s"), first, second);
		change->n = moved;
	}
	return TRUE;
}

gboolean
file_delete(struct change *change, GError **error)
{
	return file_at_once(change, delete_rows, error);
}

static gboolean
archive_rows(struct change *change, GError **error)
{
	change->name = "archive";
	return move_to_role(change, change->command->ids, "archive", error);
}

gboolean
file_archive(struct change *change, GError **error)
{
	return file_at_once(change, archive_rows, error);
}

/* The keywords of RFC 9051 are for those who learn from them. They go after the move: a server that keeps no
 * keywords shall not hold it up. */
static gboolean
junk_rows(struct change *change, GError **error)
{
	gboolean out = change->command->add == 1;
	const GArray *ids = change->command->ids;
	const char *add = out ? "$NotJunk" : "$Junk", *remove = out ? "$Junk" : "$NotJunk";

	change->name = out ? "not-junk" : "junk";
	return move_to_role(change, ids, out ? "inbox" : "junk", error) &&
	       (!change->n || store_journal_flags(change->account->store, ids_of(ids), ids->len, 0, 0, add,
	                                          remove, &change->step, error));
}

gboolean
file_junk(struct change *change, GError **error)
{
	return file_at_once(change, junk_rows, error);
}
