#include <string.h>
#include "backend/imap/act.h"
#include "base/error.h"
#include "base/i18n.h"

#define KEPT_MAX 65536 /* octets */

static const struct {
	const char *name;
	guint flag;
} names[] = {
        {"\\Seen", FLAG_SEEN},       {"\\Answered", FLAG_ANSWERED}, {"\\Flagged", FLAG_FLAGGED},
        {"\\Deleted", FLAG_DELETED}, {"\\Draft", FLAG_DRAFT},       {"$Forwarded", FLAG_FORWARDED},
};

guint
imap_flags_of(const struct imap_node *first, GString *keywords)
{
	guint flags = 0;

	for (const struct imap_node *n = first; n; n = n->next) {
		guint i;

		if (n->type != IMAP_ATOM || !n->len)
			continue;
		for (i = 0; i < G_N_ELEMENTS(names); i++)
			if (imap_node_is(n, names[i].name))
				break;
		if (i < G_N_ELEMENTS(names)) {
			flags |= names[i].flag;
		} else if (keywords && n->text[0] != '\\') {
			if (keywords->len)
				g_string_append_c(keywords, ' ');
			g_string_append_len(keywords, (const char *)n->text, (gssize)n->len);
		}
	}
	return flags;
}

char *
imap_flag_list(const struct backend *b, guint flags, const char *keywords)
{
	GString *list = g_string_new("(");

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (flags & names[i].flag)
			g_string_append_printf(list, "%s%s", list->len > 1 ? " " : "", names[i].name);
	if (keywords) {
		g_auto(GStrv) words = g_strsplit(keywords, " ", -1);

		for (char **w = words; *w; w++)
			if (**w != '\\' && imap_is_flag(*w) && !imap_is_label(b, *w, NULL))
				g_string_append_printf(list, "%s%s", list->len > 1 ? " " : "", *w);
	}
	return g_string_free(g_string_append_c(list, ')'), FALSE);
}

/* ---- what a folder keeps ---- */

void
imap_on_kept(struct backend *b, const struct imap_response *response)
{
	const struct imap_node *list = response->code_args;
	GString *kept;

	if (response->code && !strcmp(response->code, "READ-ONLY"))
		b->box.read_only = TRUE;
	if (!response->code || strcmp(response->code, "PERMANENTFLAGS") != 0 || !list ||
	    list->type != IMAP_LIST)
		return;
	kept = g_string_new(NULL);
	for (const struct imap_node *n = list->first; n && kept->len < KEPT_MAX; n = n->next)
		if (n->type == IMAP_ATOM && n->len)
			g_string_append_printf(kept, "%s%s", kept->len ? " " : "", n->text);
	g_free(b->box.kept);
	b->box.kept = g_string_free(kept, FALSE);
}

static gboolean
has_word(char *const *words, const char *word)
{
	for (; *words; words++)
		if (!g_ascii_strcasecmp(*words, word))
			return TRUE;
	return FALSE;
}

/* To what it does not keep a server says OK as well (RFC 9051 §7.1): then it has refused it. An empty list is
 * believed of a folder that is read-only alone. In such a one a person may have \Seen for themselves (RFC
 * 4314 §5.2): then it is in the list. */
static GError *
not_kept(const struct backend *b, const char *list)
{
	const struct imap_box *box = &b->box;
	g_autofree char *inner = g_strndup(list + 1, strlen(list) - 2);
	g_auto(GStrv) words = g_strsplit(inner, " ", -1),
	              kept = g_strsplit(box->kept ? box->kept : "", " ", -1);
	GError *error = NULL;

	if (box->read_only && (strcmp(inner, "\\Seen") != 0 || !has_word(kept, "\\Seen")))
		fulmar_fail(&error, FULMAR_FAILED, _("%s lets nobody change this folder: it is read-only"),
		            b->env->account->host);
	for (char **w = words; *kept && *w && !error; w++)
		if (!has_word(kept, *w) && (**w == '\\' || !has_word(kept, "\\*")))
			fulmar_fail(&error, FULMAR_FAILED, _("%s does not keep “%s” in this folder"),
			            b->env->account->host, *w);
	return error;
}

gboolean
imap_keeps_seen(struct backend *b, gint64 folder)
{
	g_autoptr(GError) refused = NULL;

	if (b->box.folder == folder)
		refused = not_kept(b, "(\\Seen)");
	return !refused;
}

/* ---- OP_FLAG ---- */

static void send_store(struct act *act, gint64 folder, const char *uids, gboolean adds);

/* A server with a limit (RFC 9738) begins with the highest and tells how far it came. */
static void
send_rest(struct act *act, const struct imap_cmd *cmd)
{
	const struct flight *flight = cmd->user;
	struct uidset rest;

	uidset_init(&rest);
	if (cmd->cut > 1 && flight->uids &&
	    uidset_parse(&rest, flight->uids, strlen(flight->uids), ACT_LINE)) {
		g_autofree char *uids = NULL;

		if (imap_rest(act->b, &rest, cmd->cut, act->refusal ? NULL : &act->refusal)) {
			uids = uidset_format(&rest);
			send_store(act, cmd->folder, uids, flight->adds);
		}
	}
	uidset_clear(&rest);
}

static char *
list_of(const struct act *act, gboolean adds)
{
	const struct store_op *op = act->op;

	return adds ? imap_flag_list(act->b, op->add, op->keywords_add)
	            : imap_flag_list(act->b, op->remove, op->keywords_remove);
}

static void
flags_stored(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
             const GError *error)
{
	const struct flight *flight = cmd->user;
	struct act *act = flight->act;
	g_autofree char *list = list_of(act, flight->adds);
	g_autoptr(GError) refused = error ? g_error_copy(error) : flight->uids ? not_kept(b, list) : NULL;

	if (act_answered(act, response, refused) && !refused)
		send_rest(act, cmd);
	act_cmd_end(cmd);
}

static void
send_store(struct act *act, gint64 folder, const char *uids, gboolean adds)
{
	g_autofree char *list = list_of(act, adds);
	struct flight *flight;
	struct imap_cmd *cmd;

	if (!strcmp(list, "()"))
		return;
	flight = flight_new(act);
	flight->uids = g_strdup(uids);
	flight->adds = adds;
	cmd = act_cmd(act, folder, "UID STORE", flags_stored, flight);
	if (!cmd)
		return;
	imap_command_atom(cmd->wire, uids);
	imap_command_atom(cmd->wire, adds ? "+FLAGS.SILENT" : "-FLAGS.SILENT");
	imap_command_atom(cmd->wire, list);
	imap_queue(act->b, cmd);
}

/* Gmail's, which are keywords here (items.c). */
static void
send_labels(struct act *act, gint64 folder, const char *uids, gboolean adds)
{
	g_auto(GStrv) words = g_strsplit(adds ? act->op->keywords_add : act->op->keywords_remove, " ", -1);
	struct imap_cmd *cmd = NULL;

	for (char **w = words; *w; w++) {
		g_autofree char *name = NULL;

		if (!imap_is_label(act->b, *w, &name))
			continue;
		if (!cmd) {
			cmd = act_cmd(act, folder, "UID STORE", flags_stored, flight_new(act));
			if (!cmd)
				return;
			imap_command_atom(cmd->wire, uids);
			imap_command_atom(cmd->wire, adds ? "+X-GM-LABELS" : "-X-GM-LABELS");
			imap_command_open(cmd->wire);
		}
		if (name[0] == '\\')
			imap_command_atom(cmd->wire, name);
		else
			imap_command_string(cmd->wire, name, strlen(name));
	}
	if (!cmd)
		return;
	imap_command_close(cmd->wire);
	imap_queue(act->b, cmd);
}

static void
send_both(struct act *act, gint64 folder, const char *uids)
{
	send_store(act, folder, uids, TRUE);
	send_store(act, folder, uids, FALSE);
	if (act->b->gmail) {
		send_labels(act, folder, uids, TRUE);
		send_labels(act, folder, uids, FALSE);
	}
}

static void
send_rows(struct act *act, gint64 folder, const char *uids, GArray *rows)
{
	send_both(act, folder, uids);
	g_array_unref(rows);
}

static void
send_below(struct act *act)
{
	guint at = 0;
	struct uidset uids;
	char *slice;

	uidset_init(&uids);
	if (act->op->upto > 1 && imap_below(act->b, act->op, &uids, &act->broken))
		while ((slice = uidset_format_slice(&uids, &at, ACT_LINE))) {
			send_both(act, act->op->folder, slice);
			g_free(slice);
		}
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (row->folder == act->op->folder && row->uid && uidset_has(&uids, row->uid))
			row->state = ACT_DONE;
	}
	uidset_clear(&uids);
}

/* A word that is no keyword on the wire, nor a label of this server's. */
static gboolean
can_be_sent(const struct act *act, GError **error)
{
	g_auto(GStrv) words = g_strsplit(act->op->keywords_add, " ", -1);

	for (char **w = words; *w; w++)
		if (**w && !imap_is_label(act->b, *w, NULL) && !imap_is_flag(*w)) {
			fulmar_fail(error, FULMAR_FAILED, _("%s does not keep “%s” in this folder"),
			            act->b->env->account->host, *w);
			return FALSE;
		}
	return TRUE;
}

void
imap_flag(struct act *act)
{
	if (!can_be_sent(act, &act->refusal)) {
		act_end(act);
		return;
	}
	/* One that the server has not named yet must wait until it has. */
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (!row->uid && (!row->limbo || row->awaited))
			act_leave(act, row);
	}
	act_step(act, act_end);
	send_below(act);
	act_slices(act, ACT_WAITS, send_rows);
	act_step_end(act);
}
