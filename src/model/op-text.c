#include "model/op-text.h"

#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"

static const struct {
	guint flag;
	const char *add, *remove;
} flag_words[] = {
        {FLAG_SEEN, N_("mark as read"), N_("mark as new")},
        {FLAG_FLAGGED, N_("flag"), N_("take the flag off")},
        {FLAG_ANSWERED, N_("mark as answered"), N_("mark as not answered")},
        {FLAG_FORWARDED, N_("mark as forwarded"), N_("mark as not forwarded")},
        {FLAG_DELETED, N_("mark as deleted"), N_("take the deletion mark off")},
        {FLAG_DRAFT, N_("mark as draft"), N_("mark as no draft")},
};

/* Gives (g_free). */
static char *
folder_name(const GPtrArray *folders, gint64 id)
{
	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];

		if (folder->id == id)
			return text_safe(folder->path, -1);
	}
	return g_strdup(_("a folder that is gone"));
}

/* "3 messages". Gives (g_free). */
static char *
messages(guint n)
{
	g_autofree char *count = format_count(n);

	return g_strdup_printf(ngettext("%s message", "%s messages", n), count);
}

static void
append_verb(GString *out, const char *verb)
{
	if (out->len)
		g_string_append(out, ", ");
	g_string_append(out, verb);
}

static void
append_keywords(GString *out, char sign, const char *keywords)
{
	g_autofree char *safe = text_safe(keywords, -1), *text = NULL;
	g_auto(GStrv) words = g_strsplit(safe, " ", -1);

	for (char **w = words; *w; w++)
		if (**w) {
			g_free(text);
			text = g_strdup_printf(
			        sign == '+' ? _("give the keyword %s") : _("take the keyword %s off"), *w);
			append_verb(out, text);
		}
}

static char *
flag_text(const struct store_op *op, const GPtrArray *folders)
{
	g_autoptr(GString) what = g_string_new(NULL);
	g_autofree char *n = messages(op->n), *where = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(flag_words); i++) {
		if (op->add & flag_words[i].flag)
			append_verb(what, _(flag_words[i].add));
		if (op->remove & flag_words[i].flag)
			append_verb(what, _(flag_words[i].remove));
	}
	append_keywords(what, '+', op->keywords_add);
	append_keywords(what, '-', op->keywords_remove);
	if (!op->upto)
		return g_strdup_printf("%s (%s)", what->str, n);
	where = folder_name(folders, op->folder);
	return g_strdup_printf(_("%s (all of %s)"), what->str, where);
}

/* One form for each verb: %1$s the messages, %2$s the folder, %3$s the folder it goes to, %4$s the argument.
 */
static const char *const forms[] = {
        [OP_FLAG] = NULL,
        [OP_MOVE] = N_("move %1$s to %3$s"),
        [OP_COPY] = N_("copy %1$s to %3$s"),
        [OP_PURGE] = N_("delete %1$s for good"),
        [OP_APPEND] = N_("put %1$s into %3$s"),
        [OP_REPLACE] = N_("put %1$s into %3$s"),
        [OP_EMPTY] = N_("empty %2$s"),
        [OP_CREATE] = N_("make the folder %3$s"),
        [OP_RENAME] = N_("rename a folder to %2$s"),
        [OP_REMOVE] = N_("delete the folder %2$s"),
        [OP_SUBSCRIBE] = N_("subscribe to %2$s"),
        [OP_TRANSFER] = N_("move %1$s to %4$s"),
};
G_STATIC_ASSERT(G_N_ELEMENTS(forms) == OP_VERBS);

/* Puts words for the numbered places of a form: a translation may use them in any order, or not at all. */
static char *
fill_in(const char *form, const char *const words[4])
{
	GString *out = g_string_new(NULL);

	for (const char *c = form; *c; c++)
		if (c[0] == '%' && c[1] >= '1' && c[1] <= '4' && c[2] == '$' && c[3] == 's') {
			g_string_append(out, words[c[1] - '1']);
			c += 3;
		} else {
			g_string_append_c(out, *c);
		}
	return g_string_free(out, FALSE);
}

char *
op_text(const struct store_op *op, const GPtrArray *folders)
{
	g_autofree char *n = messages(op->n), *folder = folder_name(folders, op->folder),
	                *to = folder_name(folders, op->to), *arg = text_safe(op->arg, -1);
	const char *form = forms[op->verb];

	if (op->verb == OP_FLAG)
		return flag_text(op, folders);
	if (op->verb == OP_SUBSCRIBE && !op->add)
		form = N_("subscribe no longer to %2$s");
	if (op->verb == OP_TRANSFER && !op->add)
		form = N_("copy %1$s to %4$s");
	return fill_in(_(form), (const char *const[]){n, folder, to, arg});
}

char *
op_failed_text(const struct store_op *op, const GPtrArray *folders, const char *why)
{
	g_autofree char *what = op ? op_text(op, folders) : NULL, *reason = text_safe(why, -1);

	return what ? g_strdup_printf("%s: %s", what, reason) : g_steal_pointer(&reason);
}

static const struct {
	const char *verb, *what, *to; /* to: when the folder is known */
} undo_words[] = {
        {"flag", N_("%1$s: flags changed"), NULL},
        {"move", N_("%1$s moved"), N_("%1$s moved to %2$s")},
        {"copy", N_("%1$s copied"), N_("%1$s copied to %2$s")},
        {"delete", N_("%1$s deleted"), NULL},
        {"archive", N_("%1$s archived"), NULL},
        {"junk", N_("%1$s moved as junk"), NULL},
        {"purge", N_("%1$s deleted for good"), NULL},
        {"append", N_("%1$s added"), N_("%1$s added to %2$s")},
        {"empty", N_("folder emptied"), N_("%2$s emptied")},
        {"create", N_("folder made"), N_("folder %2$s made")},
        {"rename", N_("folder renamed"), N_("folder renamed to %2$s")},
        {"remove", N_("folder deleted"), N_("folder %2$s deleted")},
        {"subscribe", N_("subscription changed"), N_("subscription to %2$s changed")},
        {"rules", N_("%1$s changed by rules"), N_("%1$s of %2$s changed by rules")},
        {"transfer", N_("%1$s moved to another account"), N_("%1$s moved to %2$s")},
};

char *
undo_text(const struct store_undo *undo)
{
	g_autofree char *n = messages(undo->n), *target = text_safe(undo->target, -1);
	const char *const words[4] = {n, target, "", ""};

	for (guint i = 0; i < G_N_ELEMENTS(undo_words); i++)
		if (!strcmp(undo_words[i].verb, undo->verb))
			return fill_in(_(*target && undo_words[i].to ? undo_words[i].to : undo_words[i].what),
			               words);
	return g_strdup(undo->verb);
}
