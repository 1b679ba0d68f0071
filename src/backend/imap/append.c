#include <string.h>
#include <time.h>
#include "backend/imap/act.h"
#include "base/error.h"
#include "base/i18n.h"
#include "mime/lines.h"

/* OP_APPEND: messages whose whole bodies are here. Several in one command where MULTIAPPEND is offered (RFC
 * 3502: all or none); what a server will not take is not sent to it (RFC 7889); NULs go as RFC 3516 §4.4 has
 * them, and as they are where the server has it not. What is under way at a time is bounded, as a command
 * holds its message in memory.
 */

enum { COMMANDS_AT_ONCE = 8, MESSAGES_A_COMMAND = 16 };
#define OCTETS_AT_ONCE ((gsize)4 << 20)
#define OCTETS_A_COMMAND ((gsize)1 << 20)

static void go_on(struct act *act);

/* ---- the limit ---- */

static void
limit_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct act *act = ((struct flight *)cmd->user)->act;
	const struct imap_node *items = imap_node_nth(response->args, 1);

	if (!response->name || strcmp(response->name, "STATUS") || !items || items->type != IMAP_LIST)
		return;
	for (const struct imap_node *n = items->first; n && n->next; n = n->next->next)
		if (imap_node_is(n, "APPENDLIMIT") && !imap_node_number(n->next, &act->limit))
			act->limit = 0; /* NIL: none */
}

gboolean
act_ask_limit(struct act *act, void (*next)(struct act *act))
{
	struct imap_cmd *cmd;

	act->limit = MAX(act->limit, imap_limit(act->b, "APPENDLIMIT"));
	if (act->limit || act->limit_asked || !imap_has(act->b, "APPENDLIMIT"))
		return FALSE;
	act->limit_asked = TRUE;
	act_step(act, next);
	cmd = act_cmd(act, 0, "STATUS", act_cmd_ignored, flight_new(act));
	cmd->on_data = limit_data;
	imap_command_mailbox(cmd->wire, act->target->wire);
	imap_command_atom(cmd->wire, "(APPENDLIMIT)");
	imap_queue(act->b, cmd);
	act_step_end(act);
	return TRUE;
}

/* ---- one message ---- */

static char *
internal_date(gint64 when)
{
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)when;
	struct tm tm;

	/* RFC 9051's date-time has four digits for the year. */
	if (when <= 0 || !gmtime_r(&t, &tm) || tm.tm_year > 9999 - 1900)
		return NULL;
	return g_strdup_printf("\"%2d-%s-%04d %02d:%02d:%02d +0000\"", tm.tm_mday, months[tm.tm_mon],
	                       tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static gboolean
has_eight_bit_header(const char *text, gsize len)
{
	for (gsize i = 0; i < len && (i + 2 >= len || memcmp(text + i, "\n\r\n", 3) != 0); i++)
		if ((unsigned char)text[i] >= 0x80)
			return TRUE;
	return FALSE;
}

void
act_put_message(const struct backend *b, struct imap_cmd *cmd, const struct store_row *row, GBytes *bytes)
{
	/* A mark is carried only by what had it before, on the server or in the file it is from. Gmail takes
	 * away at once what is marked, so nothing comes to it so. */
	guint carried = row->base & (b->gmail ? 0 : (guint)FLAG_DELETED),
	      bits = (row->flags & ~(guint)FLAG_DELETED) | carried;
	g_autofree char *flags = imap_flag_list(b, bits, row->keywords);
	g_autofree char *date = internal_date(row->key.received);
	gsize len;
	const void *text = g_bytes_get_data(bytes, &len);

	if (strcmp(flags, "()"))
		imap_command_atom(cmd->wire, flags);
	if (date)
		imap_command_atom(cmd->wire, date);
	if (!b->utf8 || !has_eight_bit_header(text, len)) {
		imap_command_literal(cmd->wire, text, len, imap_has(b, "BINARY") && memchr(text, '\0', len));
		return;
	}
	imap_command_atom(cmd->wire, "UTF8"); /* RFC 6855 §4 */
	imap_command_open(cmd->wire);
	imap_command_literal(cmd->wire, text, len, TRUE);
	imap_command_close(cmd->wire);
}

static void
refuse(struct act *act, struct act_row *row, GError *why)
{
	row->state = ACT_REFUSED;
	if (act->refusal)
		g_error_free(why);
	else
		act->refusal = why;
}

/* Of a copy: its own, or that of its original if that was fetched since. */
static GBytes *
whole_of(const struct act *act, const struct act_row *row, GError **error)
{
	GBytes *bytes = store_part(act->b->env->store, row->id, "", error);

	if (!bytes && row->source && !*error)
		bytes = store_part(act->b->env->store, row->source, "", error);
	return bytes;
}

GBytes *
act_body_of(struct act *act, struct act_row *row, struct store_row **shown)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) stored = whole_of(act, row, &error);
	GBytes *bytes = stored ? lines_with_crlf(stored) : NULL;
	GError *why = NULL;

	if (!bytes || !g_bytes_get_size(bytes))
		fulmar_fail(&why, FULMAR_FAILED, _("the text of the message is not here any more%s%s"),
		            error ? ": " : "", error ? error->message : "");
	else if (act->limit && g_bytes_get_size(bytes) > act->limit)
		fulmar_fail(&why, FULMAR_FAILED,
		            _("%s takes messages of up to %llu kB in this folder; this one has %llu kB"),
		            act->b->env->account->host, (unsigned long long)(act->limit / 1024),
		            (unsigned long long)(g_bytes_get_size(bytes) / 1024));
	else if ((*shown = store_row(act->b->env->store, row->id, &why)))
		return bytes;
	if (why)
		refuse(act, row, why);
	else
		row->state = ACT_DONE; /* dropped in the meantime */
	g_clear_pointer(&bytes, g_bytes_unref);
	return NULL;
}

/* ---- sending ---- */

void
act_take_uids(struct flight *flight, const struct imap_response *response)
{
	g_autoptr(GArray) uids = NULL;
	guint64 validity;

	if (!response->code || strcmp(response->code, "APPENDUID") ||
	    !imap_node_number(response->code_args, &validity))
		return;
	uids = act_uid_list(imap_node_nth(response->code_args, 1), flight->rows->len);
	if (!uids || uids->len != flight->rows->len)
		return;
	for (guint i = 0; i < uids->len; i++) {
		struct act_row *row = act_row(flight, i);
		guint64 uid = g_array_index(uids, guint64, i);

		row->validity = validity;
		act_claim(flight->act, row, uid);
	}
}

static void
append_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
            const GError *error)
{
	struct flight *flight = cmd->user;
	struct act *act = flight->act;

	if (act_answered(act, response, error)) {
		if (!error)
			act_take_uids(flight, response);
		for (guint i = 0; i < flight->rows->len; i++) {
			if (error)
				act_row(flight, i)->state = ACT_REFUSED;
			else
				act_tell_moved(act, act_row(flight, i));
		}
		act->together |= error && flight->rows->len > 1;
	}
	act_cmd_end(cmd);
}

static gboolean
may_join(const struct act *act, const struct flight *flight, gsize octets)
{
	return flight->rows->len && !act->singly && flight->rows->len < MESSAGES_A_COMMAND &&
	       octets < OCTETS_A_COMMAND && imap_has(act->b, "MULTIAPPEND");
}

struct message {
	struct store_row *row;
	GBytes *bytes;
};

/* The next row from *at on that waits and can be sent; FALSE when there is none. *at stands on it. */
static gboolean
next_message(struct act *act, guint *at, struct message *message)
{
	for (; *at < act->rows->len; (*at)++) {
		struct act_row *row = act_at(act, *at);

		if (row->state == ACT_WAITS && (message->bytes = act_body_of(act, row, &message->row)))
			return TRUE;
	}
	return FALSE;
}

static gsize
add_message(struct flight *flight, struct imap_cmd *cmd, guint at, struct message *message)
{
	gsize octets = g_bytes_get_size(message->bytes);

	act_put_message(flight->act->b, cmd, message->row, message->bytes);
	g_array_append_val(flight->rows, at);
	act_at(flight->act, at)->state = ACT_SENT;
	store_row_free(message->row);
	g_bytes_unref(message->bytes);
	return octets;
}

/* One command with the rows from *at on; the octets in it, 0 when there are no more. */
static gsize
send_append(struct act *act, guint *at)
{
	struct flight *flight;
	struct message message;
	struct imap_cmd *cmd;
	gsize octets = 0;

	if (!next_message(act, at, &message))
		return 0;
	flight = flight_new(act);
	flight->rows = g_array_new(FALSE, FALSE, sizeof(guint));
	cmd = act_cmd(act, 0, "APPEND", append_done, flight);
	imap_command_mailbox(cmd->wire, act->target->wire);
	do {
		octets += add_message(flight, cmd, (*at)++, &message);
	} while (may_join(act, flight, octets) && next_message(act, at, &message));
	imap_queue(act->b, cmd);
	return octets;
}

static void
send_some(struct act *act)
{
	gsize octets = 0, more = 1;
	guint at = 0;

	act_step(act, go_on);
	for (guint n = 0; n < COMMANDS_AT_ONCE && octets < OCTETS_AT_ONCE && more; n++)
		octets += more = send_append(act, &at);
	act_step_end(act);
}

/* Which of several it was that the server would not have is seen by sending each alone. */
static void
go_on(struct act *act)
{
	if (act_ask_limit(act, go_on))
		return;
	if (act_any(act, ACT_WAITS)) {
		send_some(act);
	} else if (!act_is_final(act)) {
		act->appended(act);
	} else if (act_make_target(act, go_on)) {
		return;
	} else if (act->together) {
		act->together = FALSE;
		act->singly = TRUE;
		g_clear_error(&act->refusal);
		act_turn(act, ACT_REFUSED, ACT_WAITS);
		go_on(act);
	} else {
		act->appended(act);
	}
}

void
act_append(struct act *act, void (*next)(struct act *act))
{
	act->appended = next;
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		/* It was told before, and only that was not known. */
		if (row->state == ACT_WAITS && row->uid && row->folder == act->op->to) {
			row->validity = act->target->uidvalidity;
			row->found = row->uid;
			act_tell_moved(act, row);
		}
	}
	go_on(act);
}

void
imap_append(struct act *act)
{
	act_append(act, act_end);
}

/* A server cannot copy what it does not have any more. */
void
act_append_copies(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);
		g_autoptr(GError) error = NULL;
		GBytes *bytes = row->state == ACT_LACKS ? whole_of(act, row, &error) : NULL;

		if (bytes)
			row->state = ACT_WAITS;
		else if (row->state == ACT_LACKS)
			act_tell_gone(act, row);
		g_clear_pointer(&bytes, g_bytes_unref);
	}
	act->appended = act_end;
	act->singly = TRUE; /* what was refused as a copy is not to be sent this way */
	if (act_any(act, ACT_WAITS))
		go_on(act);
	else
		act_end(act);
}
