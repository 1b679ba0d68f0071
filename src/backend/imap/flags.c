#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"

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
		} else if (n->text[0] != '\\') {
			if (keywords->len)
				g_string_append_c(keywords, ' ');
			g_string_append_len(keywords, (const char *)n->text, (gssize)n->len);
		}
	}
	return flags;
}

/* Keywords are atoms (RFC 9051 flag-keyword); what a person typed and is none is left out by the caller's
 * refusal. */
static gboolean
is_atom(const char *word)
{
	for (const char *p = word; *p; p++)
		if (*p <= ' ' || *p >= 127 || strchr("(){%*\"\\]", *p))
			return FALSE;
	return *word != '\0';
}

static char *
flag_list(guint flags, const char *keywords)
{
	GString *list = g_string_new("(");

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (flags & names[i].flag)
			g_string_append_printf(list, "%s%s", list->len > 1 ? " " : "", names[i].name);
	if (keywords) {
		g_auto(GStrv) words = g_strsplit(keywords, " ", -1);

		for (char **w = words; *w; w++)
			if (is_atom(*w))
				g_string_append_printf(list, "%s%s", list->len > 1 ? " " : "", *w);
	}
	return g_string_free(g_string_append_c(list, ')'), FALSE);
}

/* Not sent because the folder's UIDs are others by now: it waits until the rows have theirs. Nor did the
 * server refuse it when the link broke before the answer, whatever it broke for. */
static void
flags_stored(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
             const GError *error)
{
	g_autoptr(GError) later = NULL;

	if (error && !response && !b->conn)
		fulmar_fail(&later, FULMAR_CANCELLED, "%s", error->message);
	else if (error && !response && b->box.folder == cmd->folder)
		fulmar_fail(&later, FULMAR_CANCELLED, _("the folder was made anew on the server"));
	imap_task_release(cmd->user, later ? later : error);
}

static void
store_flags(struct backend *b, struct imap_task *task, gint64 folder, const struct uidset *uids,
            const char *item, const char *list)
{
	guint at = 0;
	char *slice;

	if (!strcmp(list, "()"))
		return;
	while ((slice = uidset_format_slice(uids, &at, 900))) {
		struct imap_cmd *cmd = imap_cmd_in(b, folder, "UID STORE", flags_stored, task);

		imap_command_atom(cmd->wire, slice);
		imap_command_atom(cmd->wire, item);
		imap_command_atom(cmd->wire, list);
		imap_task_hold(task);
		imap_queue(b, cmd);
		g_free(slice);
	}
}

void
imap_replay(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	struct imap_task *task = imap_task_new(b, done, user);
	g_autofree char *add = flag_list(op->add, op->keywords_add);
	g_autofree char *remove = flag_list(op->remove, op->keywords_remove);
	g_autoptr(GError) error = NULL;
	struct uidset uids;

	uidset_init(&uids);
	for (guint i = 0; i < op->ids->len && !error; i++) {
		struct store_row *row = store_row(b->env->store, g_array_index(op->ids, msgid, i), &error);

		/* A row that went in the meantime needs no flag; one that the server has not named yet must
		 * wait until it has. */
		if (row && row->uid)
			uidset_add(&uids, row->uid, row->uid);
		else if (row)
			fulmar_fail(&error, FULMAR_CANCELLED,
			            _("the message has no place on the server yet"));
		g_clear_pointer(&row, store_row_free);
	}
	if (!error && !uidset_empty(&uids) && imap_aim(b, op->folder, &error)) {
		store_flags(b, task, op->folder, &uids, "+FLAGS.SILENT", add);
		store_flags(b, task, op->folder, &uids, "-FLAGS.SILENT", remove);
	}
	uidset_clear(&uids);
	imap_task_release(task, error);
}
