#include <string.h>
#include "backend/imap/act.h"
#include "base/error.h"
#include "base/i18n.h"

/* OP_CREATE, OP_RENAME, OP_REMOVE, OP_SUBSCRIBE. Each may be repeated after a crash: a refusal is compared
 * with what LIST says, and what is already as it shall be is well. */

/* ---- what there is ---- */

static void
listed_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct act *act = ((struct flight *)cmd->user)->act;
	struct imap_list list;
	g_autofree char *name = NULL;

	if (!response->name || strcmp(response->name, "LIST") || !imap_list_decode(response, &list) ||
	    !list.name_len)
		return;
	for (const struct imap_node *n = list.attributes; n; n = n->next)
		if (imap_node_is(n, "\\NonExistent"))
			return;
	name = g_strndup((const char *)list.name, list.name_len);
	act->has_old |= act->source && !strcmp(name, act->source->wire);
	act->has_new |= act->new_wire && !strcmp(name, act->new_wire);
}

static void
list_one(struct act *act, const char *wire)
{
	struct imap_cmd *cmd;

	if (!wire)
		return;
	cmd = act_cmd(act, 0, "LIST", act_cmd_ignored, flight_new(act));
	cmd->on_data = listed_data;
	imap_command_atom(cmd->wire, "\"\"");
	imap_command_mailbox(cmd->wire, wire);
	imap_queue(act->b, cmd);
}

static void
list_both(struct act *act, void (*next)(struct act *act))
{
	act->has_old = act->has_new = FALSE;
	act_step(act, next);
	list_one(act, act->source ? act->source->wire : NULL);
	list_one(act, act->new_wire);
	act_step_end(act);
}

/* ---- commands ---- */

static void
folder_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
            const GError *error)
{
	act_answered(((struct flight *)cmd->user)->act, response, error);
	act_cmd_end(cmd);
}

static struct imap_cmd *
name_command(struct act *act, const char *name, const char *wire, imap_cmd_done done)
{
	struct imap_cmd *cmd = act_cmd(act, 0, name, done, flight_new(act));

	imap_command_mailbox(cmd->wire, wire);
	return cmd;
}

static void
send_name(struct act *act, const char *name, const char *wire, imap_cmd_done done)
{
	imap_queue(act->b, name_command(act, name, wire, done));
}

static const struct {
	const char *role, *use;
} uses[] = {
        {"sent", "\\Sent"}, {"drafts", "\\Drafts"}, {"trash", "\\Trash"},     {"archive", "\\Archive"},
        {"junk", "\\Junk"}, {"all", "\\All"},       {"flagged", "\\Flagged"},
};

static void
create_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
            const GError *error)
{
	struct act *act = ((struct flight *)cmd->user)->act;

	act_answered(act, response, error);
	if (!error && act->target->subscribed)
		send_name(act, "SUBSCRIBE", act->target->wire, act_cmd_ignored);
	act_cmd_end(cmd);
}

void
act_create(struct act *act, const struct store_folder *folder, const char *use)
{
	struct imap_cmd *cmd = name_command(act, "CREATE", folder->wire, create_done);
	g_autofree char *argument = NULL;

	for (guint i = 0; !use && i < G_N_ELEMENTS(uses); i++)
		if (!strcmp(uses[i].role, folder->role))
			use = uses[i].use;
	if (use && *use == '\\' && imap_is_flag(use) && imap_has(act->b, "CREATE-SPECIAL-USE")) {
		argument = g_strdup_printf("(USE (%s))", use);
		imap_command_atom(cmd->wire, argument);
	}
	imap_queue(act->b, cmd);
}

/* What is selected must not be taken away under it, and CLOSE would expunge. */
static void
leave(struct act *act)
{
	struct backend *b = act->b;
	struct store_folder *aimed = b->aimed ? store_folder_by_id(b->env->store, b->aimed, NULL) : NULL;
	gsize len = strlen(act->source->wire);
	gboolean inside = aimed && g_str_has_prefix(aimed->wire, act->source->wire) &&
	                  (!aimed->wire[len] || aimed->wire[len] == aimed->delimiter);
	struct imap_cmd *cmd;

	g_clear_pointer(&aimed, store_folder_free);
	if (!inside)
		return;
	cmd = act_cmd(act, 0, imap_has(b, "UNSELECT") ? "UNSELECT" : "EXAMINE", act_cmd_ignored,
	              flight_new(act));
	/* There is none of that name: nothing is selected then. */
	if (!imap_has(b, "UNSELECT"))
		imap_command_mailbox(cmd->wire, "fulmar: none");
	cmd->kind = IMAP_CMD_AIM;
	b->aimed = 0;
	imap_queue(b, cmd);
}

static gboolean
read_source(struct act *act)
{
	act->source = store_folder_by_id(act->b->env->store, act->op->folder, &act->broken);
	if (!act->source && !act->broken)
		fulmar_fail(&act->broken, FULMAR_FAILED, _("this folder is no longer there"));
	if (act->source)
		return TRUE;
	act_end(act);
	return FALSE;
}

/* ---- OP_CREATE ---- */

static void
create_listed(struct act *act)
{
	if (act->has_new)
		g_clear_error(&act->refusal);
	act_end(act);
}

static void send_create(struct act *act, const char *use);

static void
created(struct act *act)
{
	if (act_is_final(act) && !act->plainly) {
		/* Without a special use a server that knows none for this name may take it. */
		act->plainly = TRUE;
		if (*act->op->arg && imap_has(act->b, "CREATE-SPECIAL-USE")) {
			g_clear_error(&act->refusal);
			send_create(act, "");
			return;
		}
	}
	if (act_is_final(act))
		list_both(act, create_listed);
	else
		act_end(act);
}

static void
send_create(struct act *act, const char *use)
{
	act_step(act, created);
	act_create(act, act->target, use);
	act_step_end(act);
}

void
imap_create(struct act *act)
{
	act->new_wire = g_strdup(act->target->wire);
	send_create(act, act->op->arg);
}

/* ---- OP_RENAME ---- */

/* Subscriptions are to names: servers do not take them along. */
static void
resubscribe(struct act *act)
{
	g_autoptr(GPtrArray) folders = store_folders(act->b->env->store, NULL);
	gsize len = strlen(act->source->wire);

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];
		g_autofree char *wire = NULL;

		if (!f->subscribed || !g_str_has_prefix(f->wire, act->source->wire) ||
		    (f->wire[len] && f->wire[len] != act->source->delimiter))
			continue;
		wire = g_strconcat(act->new_wire, f->wire + len, NULL);
		send_name(act, "SUBSCRIBE", wire, act_cmd_ignored);
		send_name(act, "UNSUBSCRIBE", f->wire, act_cmd_ignored);
	}
}

static void
renamed_well(struct act *act)
{
	act_step(act, act_end);
	resubscribe(act);
	act_step_end(act);
}

static void
rename_listed(struct act *act)
{
	if (act->has_old || !act->has_new) {
		act_end(act);
		return;
	}
	g_clear_error(&act->refusal);
	renamed_well(act);
}

static void
renamed(struct act *act)
{
	if (act_is_final(act))
		list_both(act, rename_listed);
	else if (act->refusal)
		act_end(act);
	else
		renamed_well(act);
}

void
imap_rename(struct act *act)
{
	struct imap_cmd *cmd;

	if (!read_source(act))
		return;
	act->new_wire = g_strdup(act->op->arg);
	if (!g_ascii_strcasecmp(act->source->wire, "INBOX")) {
		fulmar_fail(&act->broken, FULMAR_FAILED,
		            _("INBOX cannot be renamed: mail is delivered there; move its messages instead"));
		act_end(act);
		return;
	}
	act_step(act, renamed);
	if (strcmp(act->source->wire, act->new_wire)) {
		leave(act);
		cmd = name_command(act, "RENAME", act->source->wire, folder_done);
		imap_command_mailbox(cmd->wire, act->new_wire);
		imap_queue(act->b, cmd);
	}
	act_step_end(act);
}

/* ---- OP_REMOVE ---- */

static void
remove_listed(struct act *act)
{
	if (!act->has_old)
		g_clear_error(&act->refusal);
	act_end(act);
}

static void
removed(struct act *act)
{
	if (act_is_final(act))
		list_both(act, remove_listed);
	else
		act_end(act);
}

static void
delete_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
            const GError *error)
{
	struct act *act = ((struct flight *)cmd->user)->act;

	act_answered(act, response, error);
	if (!error)
		send_name(act, "UNSUBSCRIBE", act->source->wire, act_cmd_ignored);
	act_cmd_end(cmd);
}

static void
validity_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct act *act = ((struct flight *)cmd->user)->act;
	struct imap_status_data status;

	if (imap_status_decode(response, &status) && status.has_uidvalidity &&
	    status.name_len == strlen(act->source->wire) &&
	    !memcmp(status.name, act->source->wire, status.name_len))
		act->validity = status.uidvalidity;
}

/* One that was made anew under this name since has mail in it that nobody here has seen. */
static void
send_delete(struct act *act)
{
	if (act->validity && act->source->uidvalidity && act->validity != act->source->uidvalidity) {
		fulmar_fail(&act->refusal, FULMAR_FAILED,
		            _("%s was made anew on the server since; look into it before you remove it"),
		            act->source->path);
		act_end(act);
		return;
	}
	act_step(act, removed);
	send_name(act, "DELETE", act->source->wire, delete_done);
	act_step_end(act);
}

void
imap_remove(struct act *act)
{
	struct imap_cmd *cmd;

	if (!read_source(act))
		return;
	act_step(act, send_delete);
	leave(act);
	if (act->source->selectable) {
		cmd = name_command(act, "STATUS", act->source->wire, act_cmd_ignored);
		cmd->on_data = validity_data;
		imap_command_atom(cmd->wire, "(UIDVALIDITY)");
		imap_queue(act->b, cmd);
	}
	act_step_end(act);
}

/* ---- OP_SUBSCRIBE ---- */

void
imap_subscribe(struct act *act)
{
	if (!read_source(act))
		return;
	act_step(act, act_end);
	send_name(act, act->op->add ? "SUBSCRIBE" : "UNSUBSCRIBE", act->source->wire, folder_done);
	act_step_end(act);
}
