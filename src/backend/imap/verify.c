#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

/* Comparing sets of UIDs with the server's: how a server without QRESYNC, or one that is not believed, is
 * followed. */

struct search {
	struct task *task;
	struct uidset found;
	struct uidset where; /* the UIDs it is about; empty: all */
	gint64 folder;
	char *key;
	imap_cmd_done done;
	guint flag;         /* compare_flags: the bit */
	gboolean inverse;   /* the search names messages without it */
	struct uidset have; /* compare_flags: rows with the keyword */
};

static void
search_end(struct search *s, const GError *error)
{
	uidset_clear(&s->found);
	uidset_clear(&s->where);
	uidset_clear(&s->have);
	task_release(s->task, error);
	g_free(s->key);
	g_free(s);
}

static void send_search(struct backend *b, struct search *s);

/* A server that looks at so many messages at a time (RFC 9738) is asked again for those below. */
static void
searched(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct search *s = cmd->user;
	g_autoptr(GError) stopped = NULL;

	if (!error && cmd->cut > 1 && b->box.folder == s->folder) {
		if (uidset_empty(&s->where))
			uidset_add(&s->where, 1, G_MAXUINT32);
		if (imap_rest(b, &s->where, cmd->cut, &stopped)) {
			send_search(b, s);
			return;
		}
	}
	s->done(b, cmd, response, stopped ? stopped : error);
}

static void
send_search(struct backend *b, struct search *s)
{
	struct imap_cmd *cmd = imap_cmd_in(b, s->folder, "UID SEARCH", searched, s);
	g_autofree char *where = uidset_format(&s->where);
	char coarse[48];

	cmd->found = &s->found;
	if (imap_has(b, "ESEARCH"))
		imap_command_atom(cmd->wire, "RETURN (ALL)");
	else
		cmd->kind = IMAP_CMD_ALONE; /* servers answer the next SEARCH before they say that this one is
		                               done */
	if (*where) {
		const struct uidset *set = &s->where;

		g_snprintf(coarse, sizeof coarse, "%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
		           set->ranges[0].lo, set->ranges[set->len - 1].hi);
		imap_command_atom(cmd->wire, "UID");
		imap_command_atom(cmd->wire, strlen(where) < 800 ? where : coarse);
	}
	imap_command_atom(cmd->wire, s->key);
	imap_queue(b, cmd);
}

/* In the windows, where they are not all there is. */
static struct search *
search_new(struct backend *b, struct task *task, const char *key, imap_cmd_done done)
{
	struct search *s = g_new0(struct search, 1);
	guint64 lo, hi;

	s->task = task;
	s->folder = b->box.folder;
	s->key = g_strdup(key);
	s->done = done;
	uidset_init(&s->found);
	uidset_init(&s->where);
	uidset_init(&s->have);
	if (imap_box_hole(&b->box.windows, b->box.uidnext, &lo, &hi))
		for (guint i = 0; i < b->box.windows.len; i++)
			uidset_add(&s->where, b->box.windows.ranges[i].lo, b->box.windows.ranges[i].hi);
	task_hold(task);
	return s;
}

/* ---- fetching a set ---- */

struct slice {
	struct task *task;
	struct uidset uids;
	guint64 since;
	char *items;
};

static void send_slice(struct backend *b, struct slice *slice, gint64 folder);

static void
slice_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct slice *slice = cmd->user;
	g_autoptr(GError) stopped = NULL;

	if (!error && cmd->cut > 1 && b->box.folder == cmd->folder &&
	    imap_rest(b, &slice->uids, cmd->cut, &stopped)) {
		send_slice(b, slice, cmd->folder);
		return;
	}
	task_release(slice->task, stopped ? stopped : error);
	uidset_clear(&slice->uids);
	g_free(slice->items);
	g_free(slice);
}

static void
send_slice(struct backend *b, struct slice *slice, gint64 folder)
{
	g_autofree char *range = uidset_format(&slice->uids);
	struct imap_cmd *cmd =
	        imap_fetch_rows(b, "UID FETCH", range, slice->items, slice->since, slice_done, slice);

	cmd->folder = folder;
	imap_queue(b, cmd);
}

void
imap_fetch_set(struct backend *b, const struct uidset *uids, const char *items, guint64 since,
               struct task *task)
{
	guint at = 0;
	char *text;

	while ((text = uidset_format_slice(uids, &at, 900))) {
		struct slice *slice = g_new0(struct slice, 1);

		slice->task = task;
		slice->items = g_strdup(items);
		slice->since = since;
		uidset_init(&slice->uids);
		uidset_parse(&slice->uids, text, strlen(text), G_MAXUINT);
		task_hold(task);
		send_slice(b, slice, b->box.folder);
		g_free(text);
	}
}

/* ---- which messages there are ---- */

/* After a look at all UIDs there are, the numbers can be told again. */
void
imap_recount(struct backend *b, const struct uidset *found)
{
	struct imap_box *box = &b->box;
	guint64 lo, hi, n = uidset_count(found);
	struct uidset known;

	if (imap_box_hole(&box->windows, box->uidnext, &lo, &hi))
		return;
	uidset_init(&known);
	uidset_inside(&known, found, &box->windows);
	box->exists = MAX(box->exists, n);
	box->counted = uidset_count(&known);
	uidset_clear(&known);
	imap_slice_end(b);
	if (!b->conn || !box->resynced)
		return;
	imap_box_make_map(b);
	imap_box_news(b);
	imap_box_resolve(b, NULL);
}

static void
compared(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct search *s = cmd->user;
	g_autoptr(GError) failed = NULL;
	struct uidset here, lost, gone, there, missing;

	if (b->box.folder == s->folder && b->box.comparing)
		b->box.comparing--;
	if (error || !imap_box_valid(&b->box) || b->box.folder != s->folder) {
		search_end(s, error);
		return;
	}
	if (uidset_empty(&s->found) && b->box.exists) {
		log_note(LOG_SYNC,
		         "%s: an empty answer to SEARCH although %" G_GUINT64_FORMAT
		         " messages exist is not believed",
		         b->env->account->id, b->box.exists);
		search_end(s, NULL);
		return;
	}
	uidset_init(&here);
	uidset_init(&lost);
	uidset_init(&gone);
	uidset_init(&there);
	uidset_init(&missing);
	if (store_uids(b->env->store, s->folder, 0, 0, &here, &failed) && imap_tx(b)) {
		uidset_subtract(&lost, &here, &s->found);
		uidset_inside(&gone, &lost, &b->box.windows); /* outside of them nothing was asked */
		uidset_inside(&there, &s->found, &b->box.windows);
		uidset_subtract(&missing, &there, &here);
		if (!uidset_empty(&gone) && store_remove_uids(b->env->store, s->folder, &gone, &failed) < 0)
			imap_drop(b, failed);
		else if (!uidset_empty(&missing))
			imap_fetch_set(b, &missing, b->row_items, 0, s->task);
		b->touched = s->folder;
	}
	uidset_clear(&here);
	uidset_clear(&lost);
	uidset_clear(&gone);
	uidset_clear(&there);
	uidset_clear(&missing);
	if (!failed && b->conn)
		imap_recount(b, &s->found);
	search_end(s, failed);
}

void
imap_verify(struct backend *b, struct task *task)
{
	b->box.doubt = FALSE;
	b->box.comparing++;
	send_search(b, search_new(b, task, "ALL", compared));
}

/* ---- which flags they have ---- */

static gboolean
change_all(struct backend *b, gint64 folder, const struct uidset *uids, guint add, guint remove,
           GError **error)
{
	for (guint i = 0; i < uids->len; i++)
		for (guint64 uid = uids->ranges[i].lo; uid <= uids->ranges[i].hi; uid++)
			if (!store_change_base(b->env->store, folder, uid, add, remove, error) && *error)
				return FALSE;
	return TRUE;
}

static void
flag_compared(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
              const GError *error)
{
	struct search *s = cmd->user;
	g_autoptr(GError) failed = NULL;
	struct uidset all, here, lost, more, gained;

	if (error || !imap_box_valid(&b->box) || b->box.folder != s->folder) {
		search_end(s, error);
		return;
	}
	uidset_init(&all);
	uidset_init(&here);
	uidset_init(&lost);
	uidset_init(&more);
	uidset_init(&gained);
	/* here: our rows that the search should have named; of what it names beyond, only rows that are here
	 * count. */
	if (store_uids(b->env->store, s->folder, 0, 0, &all, &failed) &&
	    store_uids(b->env->store, s->folder, s->flag, s->inverse ? 0 : s->flag, &here, &failed) &&
	    imap_tx(b)) {
		uidset_subtract(&lost, &here, &s->found);
		uidset_subtract(&more, &all, &here);
		uidset_inside(&gained, &more, &s->found);
		if (!change_all(b, s->folder, &gained, s->inverse ? 0 : s->flag, s->inverse ? s->flag : 0,
		                &failed) ||
		    !change_all(b, s->folder, &lost, s->inverse ? s->flag : 0, s->inverse ? 0 : s->flag,
		                &failed))
			imap_drop(b, failed);
		b->touched = s->folder;
	}
	uidset_clear(&all);
	uidset_clear(&here);
	uidset_clear(&lost);
	uidset_clear(&more);
	uidset_clear(&gained);
	search_end(s, failed);
}

/* ---- and which keywords ---- */

/* FETCH tells those whose keywords differ, whatever it was that differed. A server that cannot search for
 * keywords (Exchange: BAD) is asked for the rows that have it here. */
static void
keyword_compared(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
                 const GError *error)
{
	struct search *s = cmd->user;
	g_autoptr(GError) failed = NULL;
	struct uidset all, there, differ;

	if (!response || !imap_box_valid(&b->box) || b->box.folder != s->folder) {
		search_end(s, error);
		return;
	}
	uidset_init(&all);
	uidset_init(&there);
	uidset_init(&differ);
	if (error) {
		imap_fetch_set(b, &s->have, b->flag_items, 0, s->task);
	} else if (store_uids(b->env->store, s->folder, 0, 0, &all, &failed)) {
		uidset_inside(&there, &s->found, &all);
		uidset_subtract(&differ, &there, &s->have);
		uidset_subtract(&differ, &s->have, &there);
		imap_fetch_set(b, &differ, b->flag_items, 0, s->task);
	}
	uidset_clear(&all);
	uidset_clear(&there);
	uidset_clear(&differ);
	search_end(s, failed);
}

static void
compare_keyword(struct backend *b, struct task *task, const char *keyword, const struct uidset *have)
{
	g_autofree char *key = g_strconcat("KEYWORD ", keyword, NULL);
	struct search *s = search_new(b, task, key, keyword_compared);

	for (guint i = 0; have && i < have->len; i++)
		uidset_add(&s->have, have->ranges[i].lo, have->ranges[i].hi);
	send_search(b, s);
}

static void
compare_keywords(struct backend *b, struct task *task)
{
	g_autoptr(GHashTable) sets = store_keyword_uids(b->env->store, b->box.folder, NULL);
	const GPtrArray *told = b->box.keywords;
	GHashTableIter iter;
	gpointer name, set;

	for (guint i = 0; sets && told && i < told->len; i++)
		if (strcmp(told->pdata[i], "$Forwarded") && !g_hash_table_contains(sets, told->pdata[i]))
			compare_keyword(b, task, told->pdata[i], NULL);
	if (!sets)
		return;
	g_hash_table_iter_init(&iter, sets);
	while (g_hash_table_iter_next(&iter, &name, &set))
		if (imap_is_flag(name))
			compare_keyword(b, task, name, set);
}

/* What is on the screen comes first, and whole. */
static void
fetch_newest(struct backend *b, struct task *task)
{
	struct uidset here, newest;
	guint64 left = 60;

	uidset_init(&here);
	uidset_init(&newest);
	if (store_uids(b->env->store, b->box.folder, 0, 0, &here, NULL))
		for (guint i = here.len; i-- > 0 && left;) {
			const struct uidrange *r = &here.ranges[i];
			guint64 n = MIN(r->hi - r->lo + 1, left);

			uidset_add(&newest, r->hi - n + 1, r->hi);
			left -= n;
		}
	imap_fetch_set(b, &newest, b->flag_items, 0, task);
	uidset_clear(&here);
	uidset_clear(&newest);
}

void
imap_compare_flags(struct backend *b, struct task *task)
{
	static const struct {
		const char *key;
		guint flag;
		gboolean inverse;
	} searches[] = {
	        {"UNSEEN", FLAG_SEEN, TRUE},        {"FLAGGED", FLAG_FLAGGED, FALSE},
	        {"ANSWERED", FLAG_ANSWERED, FALSE}, {"DELETED", FLAG_DELETED, FALSE},
	        {"DRAFT", FLAG_DRAFT, FALSE},       {"KEYWORD $Forwarded", FLAG_FORWARDED, FALSE},
	};
	const GPtrArray *told = b->box.keywords;
	guint n = G_N_ELEMENTS(searches);

	fetch_newest(b, task);
	if (!told || !g_ptr_array_find_with_equal_func((GPtrArray *)told, "$Forwarded", g_str_equal, NULL))
		n--;
	for (guint i = 0; i < n; i++) {
		struct search *s = search_new(b, task, searches[i].key, flag_compared);

		s->flag = searches[i].flag;
		s->inverse = searches[i].inverse;
		send_search(b, s);
	}
	compare_keywords(b, task);
}
