#include <string.h>
#include "backend/imap/act.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"

/* ---- the life of an act ---- */

static void
step_ended(const GError *error, void *user)
{
	struct act *act = user;
	struct backend *b = act->b;

	act->step = NULL;
	/* Of bodies: one that cannot be had stops nothing. */
	if (error && !act->broken && (!b->conn || error->code == FULMAR_CANCELLED))
		act->broken = g_error_copy(error);
	if (!b->conn && !act->broken)
		fulmar_fail(&act->broken, FULMAR_NO_LINK, _("%s: the connection was closed"),
		            b->env->account->host);
	if (act->broken)
		act_end(act);
	else
		act->next(act);
	imap_slice_end(b); /* what was told between two slices of input */
}

void
act_step(struct act *act, void (*next)(struct act *act))
{
	act->next = next;
	act->step = step_new(&act->b->tasks, step_ended, act);
}

void
act_step_end(struct act *act)
{
	task_release(act->step, NULL);
}

static void
tell_gone(struct act *act)
{
	g_autofree char *text = NULL;

	if (!act->gone)
		return;
	text = g_strdup_printf(ngettext("%u message was gone from the server before its turn came",
	                                "%u messages were gone from the server before their turn came",
	                                act->gone),
	                       act->gone);
	act->b->env->hooks->notice(text, act->b->env->user);
}

void
act_end(struct act *act)
{
	const struct backend_env *env = act->b->env;
	g_autoptr(GError) later = NULL;

	if (act->left)
		fulmar_fail(&later, FULMAR_CANCELLED, _("the server has not told yet where the message is"));
	tell_gone(act);
	for (guint i = 0; i < act->rows->len; i++)
		act_unclaim(act, act_at(act, i));
	for (guint i = 0; act_is_final(act) && i < act->rows->len; i++)
		g_hash_table_remove(act->b->half_moved, &act_at(act, i)->id);
	if (act->op->folder && act->op->folder != act->op->to)
		env->hooks->rows(act->op->folder, env->user);
	if (act->op->to)
		env->hooks->rows(act->op->to, env->user);
	task_release(act->task, act->broken ? act->broken : act->refusal ? act->refusal : later);
	g_array_unref(act->rows);
	uidset_clear(&act->hits);
	uidset_clear(&act->met);
	g_clear_pointer(&act->target, store_folder_free);
	g_clear_pointer(&act->source, store_folder_free);
	g_free(act->new_wire);
	g_clear_pointer(&act->candidates, g_array_unref);
	g_clear_error(&act->broken);
	g_clear_error(&act->refusal);
	g_free(act);
}

/* ---- rows ---- */

static int
by_place(gconstpointer x, gconstpointer y)
{
	const struct act_row *a = x, *b = y;

	if (a->round != b->round)
		return a->round < b->round ? -1 : 1;
	if (a->folder != b->folder)
		return a->folder < b->folder ? -1 : 1;
	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static void
count_rounds(GArray *rows)
{
	for (guint i = 1; i < rows->len; i++) {
		struct act_row *row = &g_array_index(rows, struct act_row, i);
		const struct act_row *before = row - 1;

		if (row->folder == before->folder && row->uid == before->uid)
			row->round = before->round + 1;
	}
}

/* FALSE with error, or when there is no such row any more (without). */
static gboolean
read_row(struct act *act, struct act_row *row, GError **error)
{
	struct store *store = act->b->env->store;
	msgid source = row->source;
	struct store_row *shown = store_row(store, row->id, error);
	int known;

	row->round = 0;
	if (shown && source) {
		store_row_free(shown);
		shown = store_row(store, source, error);
	}
	if (*error || (!shown && !source))
		return FALSE;
	row->limbo = shown && !shown->folder;
	row->marked = shown && ((shown->flags | shown->pending) & FLAG_DELETED);
	row->ours = store_is_marked(store, row->id, error);
	row->struck = row->marked && row->ours;
	g_clear_pointer(&shown, store_row_free);
	known = *error ? -1
	               : store_place(store, source ? source : row->id, &row->folder, &row->uid, NULL, error);
	if (known == 0) {
		row->folder = 0;
		row->awaited = store_is_awaited(store, source ? source : row->id);
	}
	return known >= 0;
}

static void
put_in_order(struct act *act)
{
	g_array_sort(act->rows, by_place);
	count_rounds(act->rows);
	g_array_sort(act->rows, by_place);
}

static gboolean
read_rows(struct act *act, GError **error)
{
	for (guint i = 0; i < act->op->ids->len; i++) {
		struct act_row row = {.id = g_array_index(act->op->ids, msgid, i)};

		if (act->op->verb == OP_COPY)
			row.source = g_array_index(act->op->sources, msgid, i);

		if (act->op->verb == OP_EMPTY || read_row(act, &row, error))
			g_array_append_val(act->rows, row);
		else if (*error)
			return FALSE;
	}
	for (guint i = 0; act->op->verb == OP_REPLACE && i < act->op->sources->len; i++) {
		struct act_row row = {.id = g_array_index(act->op->sources, msgid, i), .replaced = TRUE};

		if (read_row(act, &row, error))
			g_array_append_val(act->rows, row);
		else if (*error)
			return FALSE;
	}
	put_in_order(act);
	return TRUE;
}

gboolean
act_read_places(struct act *act)
{
	for (guint i = 0; i < act->rows->len && !act->broken; i++)
		read_row(act, act_at(act, i), &act->broken);
	put_in_order(act);
	return !act->broken;
}

static gboolean
read_target(struct act *act, GError **error)
{
	if (!act->op->to)
		return TRUE;
	act->target = store_folder_by_id(act->b->env->store, act->op->to, error);
	if (!act->target && !*error)
		fulmar_fail(error, FULMAR_FAILED, _("this folder is no longer there"));
	return act->target != NULL;
}

void
act_begin(struct backend *b, const struct store_op *op, void (*first)(struct act *act), backend_done done,
          void *user)
{
	struct act *act = g_new0(struct act, 1);

	act->b = b;
	act->op = op;
	act->task = task_new(&b->tasks, done, user);
	act->rows = g_array_new(FALSE, FALSE, sizeof(struct act_row));
	uidset_init(&act->hits);
	uidset_init(&act->met);
	/* What the server can do, and so which way to go, is not known before. */
	if (b->phase != PHASE_READY)
		fulmar_fail(&act->broken, FULMAR_NO_LINK, _("%s: the connection was closed"),
		            b->env->account->host);
	if (!act->broken && read_target(act, &act->broken) && read_rows(act, &act->broken))
		first(act);
	else
		act_end(act);
	imap_slice_end(b);
}

struct act_row *
act_at(const struct act *act, guint i)
{
	return &g_array_index(act->rows, struct act_row, i);
}

gboolean
act_any(const struct act *act, enum act_state state)
{
	for (guint i = 0; i < act->rows->len; i++)
		if (act_at(act, i)->state == state)
			return TRUE;
	return FALSE;
}

void
act_turn(struct act *act, enum act_state from, enum act_state to)
{
	for (guint i = 0; i < act->rows->len; i++)
		if (act_at(act, i)->state == from)
			act_at(act, i)->state = to;
}

void
act_leave(struct act *act, struct act_row *row)
{
	row->state = ACT_LEFT;
	act->left = TRUE;
}

void
act_remember_half(struct act *act, const struct act_row *row)
{
	idset_add(act->b->half_moved, row->id);
}

gboolean
act_is_final(const struct act *act)
{
	return act->refusal && act->refusal->code != FULMAR_NO_LINK;
}

struct act_row *
act_row(const struct flight *flight, guint i)
{
	return act_at(flight->act, g_array_index(flight->rows, guint, i));
}

struct act_row *
act_row_by_uid(const struct flight *flight, guint64 uid)
{
	guint lo = 0, hi = flight->rows->len;

	while (lo < hi) {
		guint mid = lo + (hi - lo) / 2;
		struct act_row *row = act_row(flight, mid);

		if (row->uid == uid)
			return row;
		if (row->uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* ---- commands ---- */

struct flight *
flight_new(struct act *act)
{
	struct flight *flight = g_new0(struct flight, 1);

	flight->act = act;
	return flight;
}

static void
flight_free(struct flight *flight)
{
	g_clear_pointer(&flight->rows, g_array_unref);
	g_free(flight->uids);
	g_free(flight);
}

struct imap_cmd *
act_cmd(struct act *act, gint64 folder, const char *name, imap_cmd_done done, struct flight *flight)
{
	if (folder && !imap_aim(act->b, folder, act->broken ? NULL : &act->broken)) {
		flight_free(flight);
		return NULL;
	}
	task_hold(act->step);
	return imap_cmd_in(act->b, folder, name, done, flight);
}

struct imap_cmd *
act_cmd_rows(struct act *act, gint64 folder, const char *name, imap_cmd_done done, const char *uids,
             GArray *rows)
{
	struct flight *flight = flight_new(act);
	struct imap_cmd *cmd;

	flight->rows = rows;
	cmd = act_cmd(act, folder, name, done, flight);
	if (cmd)
		imap_command_atom(cmd->wire, uids);
	return cmd;
}

void
act_cmd_end(struct imap_cmd *cmd)
{
	struct flight *flight = cmd->user;
	struct task *step = flight->act->step;

	flight_free(flight);
	task_release(step, NULL);
}

void
act_cmd_ignored(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
                const GError *error)
{
	const struct flight *flight = cmd->user;

	if (!response)
		act_answered(flight->act, NULL, error);
	act_cmd_end(cmd);
}

static const struct {
	const char *code, *advice;
} advices[] = {
        {"OVERQUOTA", N_("the mailbox is full: delete something there, or ask for more room")},
        {"NOPERM", N_("you have not got the right to do that; its owner can give it to you")},
        {"TOOBIG", N_("the message is too large for this server")},
        {"TRYCREATE", N_("the folder is not there any more: create it, or choose another")},
        {"NONEXISTENT", N_("the folder is not there any more: create it, or choose another")},
        {"ALREADYEXISTS", N_("there is a folder of that name already: choose another name")},
        {"CANNOT", N_("this server does not allow it")},
        {"HASCHILDREN", N_("there are folders in it: remove those first")},
        {"EXPIRED", N_("the permission has ended")},
        {"USEATTR", N_("this server does not let that folder have a special use")},
};

/* FULMAR_FAILED is kept with the op, which says what was refused: the server's words, and the advice that
 * goes with the response code. */
static GError *
advised(const struct imap_response *response, const GError *error)
{
	g_autofree char *said = imap_said(response);
	const char *advice = NULL;
	GError *out = NULL;

	for (guint i = 0; response->code && i < G_N_ELEMENTS(advices) && !advice; i++)
		if (!strcmp(response->code, advices[i].code))
			advice = _(advices[i].advice);
	if (error->code != FULMAR_FAILED || response->status == IMAP_OK)
		return g_error_copy(error);
	if (advice)
		fulmar_fail(&out, FULMAR_FAILED, "%s (%s)", said, advice);
	else
		fulmar_fail(&out, FULMAR_FAILED, "%s", said);
	return out;
}

gboolean
act_answered(struct act *act, const struct imap_response *response, const GError *error)
{
	if (!error)
		return TRUE;
	if (response) {
		if (act->refusal && error->code == FULMAR_NO_LINK)
			g_clear_error(&act->refusal);
		if (!act->refusal)
			act->refusal = advised(response, error);
		act->no_target |= response->code && (!strcmp(response->code, "TRYCREATE") ||
		                                     !strcmp(response->code, "NONEXISTENT"));
		return TRUE;
	}
	if (act->broken)
		return FALSE;
	/* The server refused nothing when the link broke before the answer, whatever it broke for. */
	if (!act->b->conn && error->code != FULMAR_CANCELLED)
		fulmar_fail(&act->broken, FULMAR_NO_LINK, "%s", error->message);
	else
		act->broken = g_error_copy(error);
	return FALSE;
}

/* ---- sets ---- */

static void
add_range(GString *text, guint64 lo, guint64 hi)
{
	if (text->len)
		g_string_append_c(text, ',');
	g_string_append_printf(text, "%" G_GUINT64_FORMAT, lo);
	if (hi > lo)
		g_string_append_printf(text, ":%" G_GUINT64_FORMAT, hi);
}

struct slice {
	GString *text;
	GArray *rows;
	gint64 folder;
	guint round;
	guint64 lo, hi; /* of the last range, not yet in text */
};

static void
flush(struct act *act, struct slice *slice, act_send send)
{
	if (!slice->rows->len)
		return;
	add_range(slice->text, slice->lo, slice->hi);
	send(act, slice->folder, slice->text->str, slice->rows);
	slice->rows = g_array_new(FALSE, FALSE, sizeof(guint));
	g_string_truncate(slice->text, 0);
}

static gboolean
fits(const struct slice *slice, const struct act_row *row, guint64 limit)
{
	return row->folder == slice->folder && row->round == slice->round && slice->rows->len < limit &&
	       (row->uid == slice->hi + 1 ||
	        slice->text->len + 2 * strlen("4294967295:4294967295,") <= ACT_LINE);
}

void
act_slices(struct act *act, enum act_state state, act_send send)
{
	struct slice slice = {g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(guint)), 0, 0, 0, 0};
	guint64 limit = imap_message_limit(act->b) ? imap_message_limit(act->b) : G_MAXUINT;

	for (guint i = 0; i < act->rows->len; i++) {
		const struct act_row *row = act_at(act, i);

		if (row->state != state || !row->uid)
			continue;
		if (slice.rows->len && !fits(&slice, row, limit))
			flush(act, &slice, send);
		if (!slice.rows->len) {
			slice.folder = row->folder;
			slice.round = row->round;
			slice.lo = row->uid;
		} else if (row->uid != slice.hi + 1) {
			add_range(slice.text, slice.lo, slice.hi);
			slice.lo = row->uid;
		}
		slice.hi = row->uid;
		g_array_append_val(slice.rows, i);
	}
	flush(act, &slice, send);
	g_array_unref(slice.rows);
	g_string_free(slice.text, TRUE);
}

/* Servers give them in the order of the messages, which need not be rising: uidset would lose that. */
GArray *
act_uid_list(const struct imap_node *node, guint max)
{
	g_autofree char *text = imap_node_dup(node);
	g_auto(GStrv) pieces = g_strsplit(text, ",", -1);
	g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(guint64));
	struct uidset all;
	gboolean ok = *text != '\0';

	uidset_init(&all);
	for (char **p = pieces; ok && *p; p++) {
		struct uidset piece;

		uidset_init(&piece);
		ok = uidset_parse(&piece, *p, strlen(*p), 1) && uidset_count(&piece) <= max - out->len;
		for (guint64 n = ok ? piece.ranges[0].lo : 1; ok && n <= piece.ranges[0].hi; n++) {
			g_array_append_val(out, n);
			uidset_add(&all, n, n);
		}
		uidset_clear(&piece);
	}
	ok = ok && uidset_count(&all) == out->len;
	uidset_clear(&all);
	return ok ? g_steal_pointer(&out) : NULL;
}

/* ---- telling the store ---- */

static gint64
claim_of(const struct act *act, guint64 uid)
{
	return (gint64)((guint64)act->op->to << 32 | (uid & G_MAXUINT32));
}

gboolean
act_claim(struct act *act, struct act_row *row, guint64 uid)
{
	msgid known = store_id_by_uid(act->b->env->store, act->op->to, uid, NULL);

	act_unclaim(act, row);
	if ((known && known < row->id) || !idset_add(act->b->claimed, claim_of(act, uid)))
		return FALSE;
	row->claimed = TRUE;
	row->found = uid;
	return TRUE;
}

void
act_unclaim(struct act *act, struct act_row *row)
{
	gint64 claim = claim_of(act, row->found);

	if (row->claimed)
		g_hash_table_remove(act->b->claimed, &claim);
	row->claimed = FALSE;
	row->found = 0;
}

static void
told(struct act *act, struct act_row *row, gboolean ok, const GError *error)
{
	act_unclaim(act, row);
	row->state = ACT_DONE;
	g_hash_table_remove(act->b->half_moved, &row->id);
	if (!ok)
		imap_drop(act->b, error);
}

void
act_tell_moved(struct act *act, struct act_row *row)
{
	g_autoptr(GError) error = NULL;

	if (imap_tx(act->b))
		told(act, row,
		     store_moved(act->b->env->store, act->op->id, row->id, act->op->to, row->validity,
		                 row->found, NULL, &error),
		     error);
}

void
act_tell_purged(struct act *act, struct act_row *row)
{
	g_autoptr(GError) error = NULL;

	if (imap_tx(act->b))
		told(act, row, store_purged(act->b->env->store, act->op->id, row->id, &error), error);
}

void
act_tell_gone(struct act *act, struct act_row *row)
{
	g_autoptr(GError) error = NULL;

	act->gone++;
	if (imap_tx(act->b))
		told(act, row, store_gone(act->b->env->store, act->op->id, row->id, &error), error);
}
