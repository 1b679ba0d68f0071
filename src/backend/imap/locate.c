#include <string.h>
#include "backend/imap/act.h"
#include "base/error.h"

/* Which message of a folder is the one that was moved, copied or appended there? Asked when the server did
 * not say, or its answer was lost: by what survives the way, the server's own id (OBJECTID), else Message-ID,
 * size and time of arrival. Only UIDs from op->mark on count, which was the folder's next when the op began,
 * and never one that an older row of ours has, that an op has brought another row to, or that another act is
 * about to give to its own. */

enum { RANGE_MAX = 5000, SEARCHES_MAX = 100, CANDIDATES_MAX = 100000 };

struct candidate {
	guint64 uid, size;
	gint64 received;
	char *message_id, *email_id; /* "" none */
	msgid known;                 /* the row of ours that has it, or 0 */
	gboolean taken;
	gboolean brought; /* that is of another message */
	gboolean marked;  /* it has \Deleted: a move may have left it behind */
};

/* What a row and a candidate must have in common, the surest first. */
static const struct {
	gboolean email_id, message_id, size, received;
} bonds[] = {{.email_id = TRUE},
             {.message_id = TRUE, .size = TRUE},
             {.message_id = TRUE},
             {.size = TRUE, .received = TRUE}};

static void
candidate_clear(gpointer data)
{
	struct candidate *candidate = data;

	g_free(candidate->message_id);
	g_free(candidate->email_id);
}

/* ---- what the server has ---- */

static const struct imap_node *
message_id_header(const struct imap_fetch *fetch)
{
	for (guint i = 0; i < fetch->n_sections; i++)
		if (!g_ascii_strncasecmp(fetch->sections[i].section, "HEADER.FIELDS", 13))
			return fetch->sections[i].value;
	return NULL;
}

static char *
read_message_id(const struct imap_node *value)
{
	struct envelope envelope;
	char *id;

	if (!value || value->spool_fd >= 0 || !value->text)
		return g_strdup("");
	envelope_from_headers(&envelope, (const char *)value->text, value->len);
	id = g_strdup(envelope.message_id ? envelope.message_id : "");
	envelope_clear(&envelope);
	return id;
}

static gboolean
is_marked(const struct imap_fetch *fetch)
{
	for (const struct imap_node *n = fetch->has_flags ? fetch->flags : NULL; n; n = n->next)
		if (imap_node_is(n, "\\Deleted"))
			return TRUE;
	return FALSE;
}

static void
candidate_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct act *act = ((struct flight *)cmd->user)->act;
	const struct imap_node *header;
	struct candidate candidate;
	struct imap_fetch fetch;

	if (b->box.folder != cmd->folder || act->candidates->len >= CANDIDATES_MAX ||
	    !imap_fetch_decode(response, &fetch))
		return;
	header = message_id_header(&fetch);
	if (!header || !fetch.uid || fetch.uid < act->from || uidset_has(&act->met, fetch.uid))
		return;
	uidset_add(&act->met, fetch.uid, fetch.uid);
	candidate = (struct candidate){.uid = fetch.uid, .size = fetch.size, .received = fetch.internaldate};
	candidate.message_id = read_message_id(header);
	candidate.email_id = g_strdup(fetch.email_id ? fetch.email_id : "");
	candidate.marked = is_marked(&fetch);
	g_array_append_val(act->candidates, candidate);
	act->validity = b->box.uidvalidity;
}

static void send_fetch(struct act *act, const char *uids, guint64 top);

/* A server with a limit (RFC 9738) begins with the highest. */
static void
fetch_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct flight *flight = cmd->user;
	struct act *act = flight->act;
	struct uidset rest;

	uidset_init(&rest);
	if (act_answered(act, response, response ? NULL : error) && !error && cmd->cut &&
	    act->candidates->len < CANDIDATES_MAX) {
		uidset_add(&rest, MAX(act->from, 1), cmd->hi);
		if (imap_rest(b, &rest, cmd->cut, act->broken ? NULL : &act->broken)) {
			g_autofree char *range = uidset_format(&rest);

			send_fetch(act, range, cmd->cut - 1);
		}
	}
	uidset_clear(&rest);
	act_cmd_end(cmd);
}

static void
send_fetch_of(struct act *act, const char *uids, guint64 top, imap_cmd_done done)
{
	struct imap_cmd *cmd = act_cmd(act, act->op->to, "UID FETCH", done, flight_new(act));
	g_autofree char *items = g_strdup_printf(
	        "(UID FLAGS INTERNALDATE RFC822.SIZE %sBODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])",
	        act->b->gmail                  ? "X-GM-MSGID "
	        : imap_has(act->b, "OBJECTID") ? "EMAILID "
	                                       : "");

	if (!cmd)
		return;
	cmd->any_uids = TRUE;
	cmd->hi = top;
	cmd->on_data = candidate_data;
	imap_command_atom(cmd->wire, uids);
	imap_command_atom(cmd->wire, items);
	imap_queue(act->b, cmd);
}

static void
send_fetch(struct act *act, const char *uids, guint64 top)
{
	send_fetch_of(act, uids, top, fetch_done);
}

/* ---- which of them is it ---- */

/* "" when it lacks what the bond needs. Gives. */
static char *
key_of(guint bond, const char *email_id, const char *message_id, guint64 size, gint64 received)
{
	if ((bonds[bond].email_id && !*email_id) || (bonds[bond].message_id && !*message_id))
		return g_strdup("");
	/* One that has an id is not told by less. */
	if (bonds[bond].received && *message_id)
		return g_strdup("");
	return g_strdup_printf("%s\n%s\n%" G_GUINT64_FORMAT "\n%" G_GINT64_FORMAT,
	                       bonds[bond].email_id ? email_id : "", bonds[bond].message_id ? message_id : "",
	                       bonds[bond].size ? size : 0, bonds[bond].received ? received : 0);
}

/* Those that no row has come before those that a younger row has: that one was made when a resync met the
 * message before we did, unless it is another copy. */
static GHashTable *
index_candidates(struct act *act, guint bond)
{
	GHashTable *index =
	        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_queue_free);

	for (guint i = 0; i < act->candidates->len; i++) {
		struct candidate *c = &g_array_index(act->candidates, struct candidate, i);
		char *key = key_of(bond, c->email_id, c->message_id, c->size, c->received);
		GQueue *queue = g_hash_table_lookup(index, key);

		if (!*key || c->taken) {
			g_free(key);
			continue;
		}
		if (!queue)
			g_hash_table_insert(index, g_strdup(key), queue = g_queue_new());
		if (c->known)
			g_queue_push_tail(queue, c);
		else
			g_queue_push_head(queue, c);
		g_free(key);
	}
	return index;
}

static gboolean
is_appended(const struct act *act)
{
	return act->op->verb == OP_APPEND || act->op->verb == OP_REPLACE;
}

/* A copy of which all is here may have been made by an append: the server gave that an id of its own, as it
 * did what came from elsewhere. */
static gboolean
ids_differ(const struct act *act, const struct store_row *row, const struct candidate *c)
{
	if (is_appended(act) || (act->op->verb == OP_COPY && row->body == BODY_FULL))
		return FALSE;
	return *row->email_id && *c->email_id && strcmp(row->email_id, c->email_id) != 0;
}

/* Where an original goes because of it, the Message-ID alone is too little. */
static gboolean
is_enough(const struct act_row *row, guint bond)
{
	return !row->strict || bonds[bond].email_id || bonds[bond].size;
}

static void
match_row(struct act *act, struct act_row *row, guint bond, GHashTable *index)
{
	struct store_row *shown = store_row(act->b->env->store, row->id, NULL);
	g_autofree char *key =
	        shown ? key_of(bond, shown->email_id, shown->message_id, shown->size, shown->key.received)
	              : g_strdup("");
	GQueue *queue = *key ? g_hash_table_lookup(index, key) : NULL;

	for (GList *l = queue ? queue->head : NULL; l; l = l->next) {
		struct candidate *c = l->data;

		/* One that is to go is none for which an original may go (half-move.c). */
		if (ids_differ(act, shown, c) || c->marked || (c->brought && c->known != row->id) ||
		    !act_claim(act, row, c->uid))
			continue;
		c->taken = TRUE;
		row->validity = act->validity;
		row->told = TRUE;
		g_queue_delete_link(queue, l);
		break;
	}
	g_clear_pointer(&shown, store_row_free);
}

static void
match(struct act *act)
{
	for (guint i = 0; i < act->candidates->len; i++) {
		struct candidate *c = &g_array_index(act->candidates, struct candidate, i);

		c->known = store_id_by_uid(act->b->env->store, act->op->to, c->uid, NULL);
		c->brought = c->known && !store_shown_since(act->b->env->store, c->known, act->op);
	}
	/* What was appended came from elsewhere: its id of there says nothing here. */
	for (guint bond = is_appended(act); bond < G_N_ELEMENTS(bonds); bond++) {
		g_autoptr(GHashTable) index = index_candidates(act, bond);

		for (guint i = 0; i < act->rows->len; i++)
			if (act_at(act, i)->state == ACT_SOUGHT && !act_at(act, i)->found &&
			    is_enough(act_at(act, i), bond))
				match_row(act, act_at(act, i), bond, index);
	}
}

/* ---- asking ---- */

static void
fetched(struct act *act)
{
	match(act);
	g_clear_pointer(&act->candidates, g_array_unref);
	uidset_clear(&act->met);
	act->located(act);
}

/* Those of them that have not been fetched along with the search. */
static void
fetch_hits(struct act *act)
{
	guint at = 0;
	char *slice;

	act_step(act, fetched);
	if (act->from > 1)
		uidset_remove(&act->hits, 1, act->from - 1);
	for (guint i = 0; i < act->met.len; i++)
		uidset_remove(&act->hits, act->met.ranges[i].lo, act->met.ranges[i].hi);
	while ((slice = uidset_format_slice(&act->hits, &at, ACT_LINE))) {
		send_fetch(act, slice, G_MAXUINT32);
		g_free(slice);
	}
	uidset_clear(&act->hits);
	act_step_end(act);
}

/* With SEARCHRES what is found is fetched in the same flight (RFC 5182 §2.1); where that comes to nothing, it
 * is fetched as without.
 */
static void
search(struct act *act, const char *message_id)
{
	gboolean saved = imap_has(act->b, "ESEARCH") && imap_has(act->b, "SEARCHRES");
	struct imap_cmd *cmd = act_cmd(act, act->op->to, "UID SEARCH", act_cmd_ignored, flight_new(act));

	if (!cmd)
		return;
	cmd->any_uids = TRUE;
	cmd->found = &act->hits;
	if (imap_has(act->b, "ESEARCH"))
		imap_command_atom(cmd->wire, saved ? "RETURN (SAVE ALL)" : "RETURN (ALL)");
	else
		cmd->kind = IMAP_CMD_ALONE; /* as in verify.c */
	imap_command_atom(cmd->wire, "HEADER Message-ID");
	imap_command_string(cmd->wire, message_id, strlen(message_id));
	imap_queue(act->b, cmd);
	if (saved)
		send_fetch_of(act, "$", G_MAXUINT32, act_cmd_ignored);
}

static void
search_rows(struct act *act)
{
	act_step(act, fetch_hits);
	for (guint i = 0; i < act->rows->len; i++) {
		struct store_row *row = act_at(act, i)->state != ACT_SOUGHT
		                                ? NULL
		                                : store_row(act->b->env->store, act_at(act, i)->id, NULL);

		if (row && *row->message_id && g_str_is_ascii(row->message_id))
			search(act, row->message_id);
		g_clear_pointer(&row, store_row_free);
	}
	act_step_end(act);
}

/* How many messages may be from mark on. */
static guint64
span(const struct act *act)
{
	const struct store_folder *f = act->target;
	guint64 all = MAX((guint64)MAX(f->total, 0), MAX(f->exists, f->server_total));

	if (act->from && f->server_uidnext >= act->from)
		return MIN(all, f->server_uidnext - act->from);
	return act->from ? 0 : all;
}

static guint
count_sought(const struct act *act)
{
	guint n = 0;

	for (guint i = 0; i < act->rows->len; i++)
		n += act_at(act, i)->state == ACT_SOUGHT;
	return n;
}

void
act_locate(struct act *act, guint64 from, void (*next)(struct act *act))
{
	guint sought = count_sought(act);
	char range[32];

	if (!sought) {
		next(act);
		return;
	}
	act->located = next;
	act->from = from;
	if (!from && span(act) > RANGE_MAX && sought > SEARCHES_MAX)
		act->from = act->op->mark; /* what came before would be too much to look at */
	act->candidates = g_array_new(FALSE, TRUE, sizeof(struct candidate));
	g_array_set_clear_func(act->candidates, candidate_clear);
	for (guint i = 0; i < act->rows->len; i++)
		if (act_at(act, i)->state == ACT_SOUGHT)
			act_unclaim(act, act_at(act, i));
	if (span(act) > RANGE_MAX && sought <= SEARCHES_MAX && !imap_message_limit(act->b)) {
		search_rows(act);
		return;
	}
	g_snprintf(range, sizeof range, "%" G_GUINT64_FORMAT ":*", MAX(act->from, 1));
	act_step(act, fetched);
	send_fetch(act, range, G_MAXUINT32);
	act_step_end(act);
}
