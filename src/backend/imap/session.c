#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

#define UIDNEXT_MAX ((guint64)G_MAXUINT32 + 1) /* RFC 9051 §2.3.1.1: UIDs have 32 bits */

/* ---- capabilities ---- */

static gboolean
hidden(const struct backend *b, const char *capability)
{
	for (char **p = b->env->account->disable_capability; p && *p; p++)
		if (!g_ascii_strcasecmp(*p, capability))
			return TRUE;
	if (b->quirk && b->quirk->hide) {
		g_auto(GStrv) hide = g_strsplit(b->quirk->hide, ",", -1);

		return g_strv_contains((const char *const *)hide, capability);
	}
	return FALSE;
}

gboolean
imap_has(const struct backend *b, const char *capability)
{
	return g_hash_table_contains(b->caps, capability) && !hidden(b, capability);
}

gboolean
imap_pipelines(const struct backend *b)
{
	return !hidden(b, "PIPELINING");
}

static void
take_capabilities(struct backend *b, const struct imap_node *first)
{
	g_hash_table_remove_all(b->caps);
	g_ptr_array_set_size(b->login.offered, 0);
	for (const struct imap_node *n = first; n; n = n->next) {
		char *name;

		if (n->type != IMAP_ATOM)
			continue;
		name = g_ascii_strup((const char *)n->text, (gssize)n->len);
		if (g_str_has_prefix(name, "AUTH="))
			g_ptr_array_add(b->login.offered, g_strdup(name + 5));
		g_hash_table_add(b->caps, name);
	}
	b->caps_known = TRUE;
}

guint64
imap_limit(const struct backend *b, const char *capability)
{
	GHashTableIter iter;
	gpointer key;
	gsize len = strlen(capability);

	if (hidden(b, capability))
		return 0;
	g_hash_table_iter_init(&iter, b->caps);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		const char *name = key;

		if (g_str_has_prefix(name, capability) && name[len] == '=' && !hidden(b, name))
			return g_ascii_strtoull(name + len + 1, NULL, 10);
	}
	return 0;
}

guint64
imap_message_limit(const struct backend *b)
{
	return imap_limit(b, "MESSAGELIMIT");
}

gboolean
imap_rest(const struct backend *b, struct uidset *set, guint64 cut, GError **error)
{
	guint64 before = uidset_count(set);

	uidset_remove(set, cut, G_MAXUINT64);
	if (uidset_empty(set))
		return FALSE;
	if (uidset_count(set) < before)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s left out some of the messages"), b->env->account->host);
	return FALSE;
}

/* ---- sending ---- */

struct imap_cmd *
imap_cmd_new(struct backend *b, const char *name, imap_cmd_done done, void *user)
{
	struct imap_cmd *cmd = g_new0(struct imap_cmd, 1);
	enum imap_literals literals = imap_has(b, "LITERAL+")   ? IMAP_LITERAL_PLUS
	                              : imap_has(b, "LITERAL-") ? IMAP_LITERAL_MINUS
	                                                        : IMAP_LITERAL_SYNC;

	g_snprintf(cmd->tag, sizeof cmd->tag, "f%u", ++b->next_tag);
	cmd->wire = imap_command_new(cmd->tag, name, literals);
	cmd->done = done;
	cmd->user = user;
	return cmd;
}

struct imap_cmd *
imap_cmd_in(struct backend *b, gint64 folder, const char *name, imap_cmd_done done, void *user)
{
	struct imap_cmd *cmd = imap_cmd_new(b, name, done, user);

	cmd->folder = folder;
	return cmd;
}

static void
cmd_free(struct imap_cmd *cmd)
{
	imap_command_free(cmd->wire);
	g_free(cmd->takes);
	g_free(cmd);
}

void
imap_queue(struct backend *b, struct imap_cmd *cmd)
{
	imap_command_finish(cmd->wire);
	g_queue_push_tail(&b->waiting, cmd);
	imap_pump(b);
}

static gboolean
all_apart(const struct backend *b)
{
	for (const GList *l = b->sent.head; l; l = l->next)
		if (!((const struct imap_cmd *)l->data)->apart)
			return FALSE;
	return TRUE;
}

static gboolean
may_begin(const struct backend *b, const struct imap_cmd *cmd)
{
	const struct imap_cmd *last = g_queue_peek_tail((GQueue *)&b->sent);

	if (!last)
		return TRUE;
	if (!imap_pipelines(b))
		return FALSE;
	if (last->kind == IMAP_CMD_ALONE || last->kind == IMAP_CMD_AIM || cmd->kind == IMAP_CMD_ALONE)
		return FALSE;
	return cmd->kind == IMAP_CMD_PLAIN || all_apart(b);
}

static void
finish_cmd(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	if (cmd->done)
		cmd->done(b, cmd, response, error);
	cmd_free(cmd);
}

/* A command that means UIDs of a folder which could not be selected, or whose UIDs are others by now, must
 * not go out. */
static gboolean
misplaced(const struct backend *b, const struct imap_cmd *cmd)
{
	return (cmd->kind == IMAP_CMD_PLAIN || cmd->kind == IMAP_CMD_ALONE) && cmd->folder &&
	       !(b->box.folder == cmd->folder && (b->box.selected || (cmd->any_uids && b->box.there)));
}

/* Where the next commands will be is not known before the answer. */
static gboolean
is_selecting(const struct backend *b)
{
	for (const GList *l = b->sent.head; l; l = l->next) {
		const struct imap_cmd *cmd = l->data;

		if (cmd->kind == IMAP_CMD_SELECT || cmd->kind == IMAP_CMD_AIM)
			return TRUE;
	}
	return FALSE;
}

static void
fail_misplaced(struct backend *b, struct imap_cmd *cmd)
{
	const struct imap_box *box = &b->box;
	g_autoptr(GError) error = NULL;

	if (box->folder && box->folder != cmd->folder)
		fulmar_fail(&error, FULMAR_CANCELLED, _("another folder was opened"));
	else if (box->folder && box->uidvalidity && !imap_box_valid(box))
		fulmar_fail(&error, FULMAR_CANCELLED, _("%s has renumbered the folder; open it again"),
		            b->env->account->host);
	else if (box->folder && b->unaimed)
		error = g_error_copy(b->unaimed);
	else
		fulmar_fail(&error, FULMAR_FAILED, _("%s: the folder could not be opened on the server"),
		            b->env->account->host);
	finish_cmd(b, cmd, NULL, error);
}

/* Sends as many chunks of the first waiting command as may go. FALSE: wait for a continuation. */
static gboolean
send_chunks(struct backend *b, struct imap_cmd *cmd)
{
	GBytes *chunk;

	if (cmd->sent)
		return FALSE;
	if (cmd->kind == IMAP_CMD_SELECT || cmd->kind == IMAP_CMD_AIM) {
		imap_box_clear(&b->box);
		b->box.folder = cmd->folder;
		b->box.stored = cmd->lo;
	}
	cmd->started = g_get_monotonic_time();
	cmd->read = b->feeding ? b->reads : 0;
	chunk = cmd->wire->chunks->pdata[cmd->sent++];
	conn_write(b->conn, g_bytes_get_data(chunk, NULL), g_bytes_get_size(chunk), cmd->wire->secret);
	conn_expect(b->conn, TRUE);
	return cmd->sent == cmd->wire->chunks->len;
}

void
imap_pump(struct backend *b)
{
	struct imap_cmd *cmd;

	if (!b->conn || b->phase < PHASE_LOGIN || b->turn != TURN_NONE)
		return;
	if (b->idle && !g_queue_is_empty(&b->waiting) && !imap_watch_break(b))
		return;
	while (b->conn && (cmd = g_queue_peek_head(&b->waiting))) {
		if (!cmd->sent && may_begin(b, cmd) && misplaced(b, cmd)) {
			if (is_selecting(b))
				return;
			g_queue_pop_head(&b->waiting);
			fail_misplaced(b, cmd);
			continue;
		}
		if (!may_begin(b, cmd) || !send_chunks(b, cmd))
			return;
		g_queue_pop_head(&b->waiting);
		g_queue_push_tail(&b->sent, cmd);
	}
}

/* ---- receiving ---- */

/* TRUE for a refusal that another time need not meet. */
static gboolean
for_now(const struct imap_response *response)
{
	static const char *const codes[] = {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "THROTTLED", NULL};

	/* Exchange says the latter to every command when it is short of something (BAD, no code). */
	return (response->code && g_strv_contains(codes, response->code)) ||
	       strstr(response->text, "authenticated but not connected");
}

char *
imap_said(const struct imap_response *response)
{
	const char *text = response->text, *times = strstr(text, " secs).");
	gsize len = strlen(text);

	/* Dovecot says how long it took: "Permission denied (0.001 + 0.000 secs)." */
	if (times && !times[7] && (times = g_strrstr_len(text, times - text, " (")))
		len = (gsize)(times - text);
	while (len && (text[len - 1] == '.' || text[len - 1] == ' '))
		len--;
	return len ? g_strndup(text, len) : response->status == IMAP_NO ? g_strdup("NO") : g_strdup("BAD");
}

static GError *
refusal(const struct backend *b, const struct imap_response *response)
{
	GError *error = NULL;
	enum fulmar_error code = FULMAR_FAILED;
	g_autofree char *said = NULL;

	if (response->status == IMAP_OK)
		return NULL;
	if (for_now(response))
		code = FULMAR_NO_LINK;
	said = imap_said(response);
	fulmar_fail(&error, code, _("%s: the server refused: %s"), b->env->account->host, said);
	return error;
}

/* Commands may be answered out of order (RFC 9051 §5.5). One refused at its literal never got its last chunks
 * out. */
static struct imap_cmd *
take_answered(struct backend *b, const char *tag)
{
	struct imap_cmd *cmd;

	for (GList *l = b->sent.head; l; l = l->next) {
		cmd = l->data;
		if (!strcmp(cmd->tag, tag)) {
			g_queue_delete_link(&b->sent, l);
			return cmd;
		}
	}
	cmd = g_queue_peek_head(&b->waiting);
	return cmd && cmd->sent && !strcmp(cmd->tag, tag) ? g_queue_pop_head(&b->waiting) : NULL;
}

static void
on_tagged(struct backend *b, const struct imap_response *response)
{
	struct imap_cmd *cmd = take_answered(b, response->tag);
	g_autoptr(GError) error = NULL;

	/* What was read before a command could go out is no answer to it. */
	if (!cmd || cmd->read == b->reads) {
		fulmar_fail(&error, FULMAR_NO_LINK,
		            _("%s: the server answered a command that was never given; the connection was "
		              "closed"),
		            b->env->account->host);
		if (cmd)
			g_queue_push_head(&b->sent, cmd);
		imap_drop(b, error);
		return;
	}
	error = refusal(b, response);
	imap_limit_decode(response, cmd->cut ? &(guint64){0} : &cmd->cut);
	if (response->code && !strcmp(response->code, "CAPABILITY"))
		take_capabilities(b, response->code_args);
	if (b->box.resynced && response->code && !strcmp(response->code, "HIGHESTMODSEQ"))
		imap_node_number(response->code_args, &b->box.modseq);
	if (cmd->kind == IMAP_CMD_SELECT || cmd->kind == IMAP_CMD_AIM)
		imap_on_kept(b, response);
	imap_slice_end(b);
	if (!b->conn && !error)
		fulmar_fail(&error, FULMAR_NO_LINK, _("%s: the connection was closed"),
		            b->env->account->host);
	finish_cmd(b, cmd, response, error);
}

static void
on_continue(struct backend *b, const struct imap_response *response)
{
	struct imap_cmd *cmd = g_queue_peek_head(&b->waiting), *first = g_queue_peek_head(&b->sent);

	if (cmd && cmd->sent && cmd->sent < cmd->wire->chunks->len && !(first && first->on_continue)) {
		GBytes *chunk = cmd->wire->chunks->pdata[cmd->sent++];

		conn_write(b->conn, g_bytes_get_data(chunk, NULL), g_bytes_get_size(chunk),
		           cmd->wire->secret);
		if (cmd->sent == cmd->wire->chunks->len) {
			g_queue_pop_head(&b->waiting);
			g_queue_push_tail(&b->sent, cmd);
		}
		return;
	}
	if (first && first->on_continue)
		first->on_continue(b, first, response->text);
}

/* What is said of the folder counts while it is being selected. Later a UIDNEXT would pass over mail not
 * fetched yet, and a UIDVALIDITY would give the rows that are here the UIDs of others. */
static void
on_box_code(struct backend *b, const struct imap_response *response)
{
	const struct imap_cmd *first = g_queue_peek_head(&b->sent);
	gboolean selecting = first && (first->kind == IMAP_CMD_SELECT || first->kind == IMAP_CMD_AIM);
	g_autoptr(GError) error = NULL;
	guint64 n;

	if (selecting)
		imap_on_kept(b, response);
	if (!imap_node_number(response->code_args, &n))
		return;
	if (selecting && !strcmp(response->code, "UIDVALIDITY")) {
		b->box.uidvalidity = n;
	} else if (selecting && !strcmp(response->code, "UIDNEXT")) {
		b->box.uidnext = MIN(n, UIDNEXT_MAX);
	} else if (selecting && !strcmp(response->code, "HIGHESTMODSEQ")) {
		b->box.modseq = n;
	} else if (!strcmp(response->code, "UIDVALIDITY") && n != b->box.uidvalidity) {
		fulmar_fail(&error, FULMAR_NO_LINK,
		            _("%s made the folder anew while it was open; the connection was closed"),
		            b->env->account->host);
		imap_drop(b, error);
	}
}

/* Told beside the answer when that has another code already: of the command that is being answered. */
static void
on_limit(struct backend *b, guint64 lowest)
{
	struct imap_cmd *first = g_queue_peek_head(&b->sent);

	if (first)
		first->cut = lowest;
}

/* RFC 9585. Numbers become progress of the open folder; without them it is at least alive. */
static void
on_progress(struct backend *b, const struct imap_progress *progress)
{
	if (progress->total && b->box.folder)
		b->env->hooks->progress(b->box.folder, MIN(progress->have, progress->total), progress->total,
		                        b->env->user);
}

static void
on_condition(struct backend *b, const struct imap_response *response)
{
	g_autoptr(GError) error = NULL;
	struct imap_progress progress;
	guint64 lowest;

	if (response->code && !strcmp(response->code, "CAPABILITY"))
		take_capabilities(b, response->code_args);
	if (response->code && !strcmp(response->code, "ALERT"))
		b->env->hooks->notice(response->text, b->env->user);
	if (imap_progress_decode(response, &progress))
		on_progress(b, &progress);
	if (imap_limit_decode(response, &lowest))
		on_limit(b, lowest);
	if (response->code && !strcmp(response->code, "NOTIFICATIONOVERFLOW"))
		imap_notify_overflow(b);
	if (b->phase == PHASE_GREETING) {
		imap_login_begin(b, response);
		return;
	}
	if (response->status == IMAP_BYE && !b->closing) {
		fulmar_fail(&error, FULMAR_NO_LINK, _("%s closed the connection: %s"), b->env->account->host,
		            response->text);
		imap_drop(b, error);
		return;
	}
	if (response->code && b->box.folder)
		on_box_code(b, response);
}

static void
on_capability(struct backend *b, const struct imap_response *response)
{
	take_capabilities(b, response->args);
}

static const struct {
	const char *name;
	void (*handle)(struct backend *b, const struct imap_response *response);
} handlers[] = {
        {"FETCH", imap_on_fetch},         {"EXISTS", imap_on_exists},   {"EXPUNGE", imap_on_expunge},
        {"VANISHED", imap_on_vanished},   {"LIST", imap_on_list},       {"LSUB", imap_on_list},
        {"STATUS", imap_on_status},       {"SEARCH", imap_on_search},   {"ESEARCH", imap_on_search},
        {"CAPABILITY", on_capability},    {"UIDFETCH", imap_on_fetch},  {"FLAGS", imap_on_flags},
        {"NAMESPACE", imap_on_namespace}, {"MYRIGHTS", imap_on_rights}, {"ENABLED", imap_on_enabled},
};

/* Commands under way whose answers are nobody else's affair. */
static void
offer(struct backend *b, const struct imap_response *response)
{
	for (const GList *l = b->sent.head; l; l = l->next) {
		struct imap_cmd *cmd = l->data;

		if (cmd->on_data)
			cmd->on_data(b, cmd, response);
	}
}

gboolean
imap_on_response(const struct imap_response *response, void *user)
{
	struct backend *b = user;
	struct conn *conn = b->conn;

	if (b->phase == PHASE_GREETING &&
	    (response->kind != IMAP_UNTAGGED || response->status == IMAP_NONE)) {
		g_autoptr(GError) error = NULL;

		fulmar_fail(&error, FULMAR_NO_LINK,
		            _("%s:%d does not speak IMAP; check host, port and security"),
		            b->env->account->host, (int)b->env->account->port);
		imap_drop(b, error);
	} else if (response->kind == IMAP_TAGGED) {
		on_tagged(b, response);
	} else if (response->kind == IMAP_CONTINUE) {
		on_continue(b, response);
	} else if (response->status != IMAP_NONE) {
		on_condition(b, response);
	} else {
		for (guint i = 0; response->name && i < G_N_ELEMENTS(handlers); i++)
			if (!strcmp(handlers[i].name, response->name)) {
				handlers[i].handle(b, response);
				break;
			}
	}
	if (b->conn == conn && response->kind == IMAP_UNTAGGED)
		offer(b, response);
	/* STARTTLS and COMPRESS change what the following octets are; a dropped link has none. */
	return b->conn == conn && b->turn == TURN_NONE;
}

static void
fail_queue(struct backend *b, GQueue *queue, const GError *error)
{
	struct imap_cmd *cmd;

	while ((cmd = g_queue_pop_head(queue)))
		finish_cmd(b, cmd, NULL, error);
}

void
imap_fail_all(struct backend *b, const GError *error)
{
	fail_queue(b, &b->sent, error);
	fail_queue(b, &b->waiting, error);
}
