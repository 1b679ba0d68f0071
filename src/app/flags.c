/* fulmar flag */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/report.h"
#include "app/session.h"
#include "base/error.h"
#include "base/i18n.h"

/* The messages of one account. */
struct group {
	const struct conf_account *account;
	GArray *ids; /* msgid */
	guint64 command;
	gboolean durable, queued;
};

struct change {
	guint add, remove;
	GString *keywords_add, *keywords_remove;
	GPtrArray *groups; /* struct group * */
};

static const struct {
	const char *name;
	guint flag;
} flag_words[] = {
        {"seen", FLAG_SEEN},           {"\\seen", FLAG_SEEN},         {"answered", FLAG_ANSWERED},
        {"\\answered", FLAG_ANSWERED}, {"flagged", FLAG_FLAGGED},     {"\\flagged", FLAG_FLAGGED},
        {"deleted", FLAG_DELETED},     {"\\deleted", FLAG_DELETED},   {"draft", FLAG_DRAFT},
        {"\\draft", FLAG_DRAFT},       {"forwarded", FLAG_FORWARDED}, {"$forwarded", FLAG_FORWARDED},
};

static guint
flag_of(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(flag_words); i++)
		if (g_ascii_strcasecmp(flag_words[i].name, name) == 0)
			return flag_words[i].flag;
	return 0;
}

/* A keyword is an atom (RFC 9051 §9, flag-keyword). */
static gboolean
is_keyword(const char *name)
{
	if (!*name)
		return FALSE;
	for (const char *p = name; *p; p++)
		if ((guchar)*p <= ' ' || (guchar)*p >= 0x7f || strchr("(){%*\"\\]", *p))
			return FALSE;
	return TRUE;
}

static gboolean
add_flag(struct change *change, const char *word, GError **error)
{
	gboolean add = *word == '+';
	guint flag = flag_of(word + 1);
	GString *keywords = add ? change->keywords_add : change->keywords_remove;

	if (flag) {
		*(add ? &change->add : &change->remove) |= flag;
		return TRUE;
	}
	if (!is_keyword(word + 1)) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("“%s” is no flag: seen, answered, flagged, deleted, draft, forwarded, or a "
		              "keyword without blanks"),
		            word);
		return FALSE;
	}
	g_string_append_printf(keywords, "%s%s", keywords->len ? " " : "", word + 1);
	return TRUE;
}

static struct group *
group_of(struct change *change, const struct conf_account *account)
{
	struct group *group;

	for (guint i = 0; i < change->groups->len; i++) {
		group = g_ptr_array_index(change->groups, i);
		if (group->account == account)
			return group;
	}
	group = g_new0(struct group, 1);
	group->account = account;
	group->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_ptr_array_add(change->groups, group);
	return group;
}

static void
group_free(gpointer data)
{
	struct group *group = data;

	g_array_unref(group->ids);
	g_free(group);
}

static gboolean
add_id(const struct app *app, struct change *change, const char *word, GError **error)
{
	msgid id;
	const struct conf_account *account = app_id(app, word, &id, error);

	if (account)
		g_array_append_val(group_of(change, account)->ids, id);
	return account != NULL;
}

/* Lines hold IDs and nothing else: what follows an ID in a text listing was written by strangers. */
static gboolean
read_ids(const struct app *app, struct change *change, GError **error)
{
	gsize size = 0;
	char *raw = NULL;
	gboolean ok = TRUE;

	while (ok && getline(&raw, &size, stdin) >= 0) {
		g_auto(GStrv) words = g_strsplit_set(raw, " \t\r\n", -1);

		for (char **word = words; ok && *word; word++)
			ok = !**word || add_id(app, change, *word, error);
	}
	free(raw);
	if (ok && !change->groups->len)
		fulmar_fail(error, FULMAR_USAGE,
		            _("no message was named; give IDs as words or on standard input"));
	return ok && change->groups->len;
}

static gboolean
take_words(const struct app *app, struct change *change, GError **error)
{
	const GPtrArray *words = app->cli.words;

	for (guint i = 0; i < words->len; i++) {
		const char *word = g_ptr_array_index(words, i);
		gboolean flag = *word == '+' || *word == '-';

		if (flag ? !add_flag(change, word, error) : !add_id(app, change, word, error))
			return FALSE;
	}
	if (!change->add && !change->remove && !change->keywords_add->len && !change->keywords_remove->len) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("no flag was named; for example: fulmar flag work:12 +seen"));
		return FALSE;
	}
	return change->groups->len || read_ids(app, change, error);
}

static struct command *
flag_command(const struct change *change, const struct group *group)
{
	struct command *command = command_new(CMD_FLAG, group->account->id);

	command->ids = g_array_copy(group->ids);
	command->add = change->add;
	command->remove = change->remove;
	command->text = change->keywords_add->len ? g_strdup(change->keywords_add->str) : NULL;
	command->text2 = change->keywords_remove->len ? g_strdup(change->keywords_remove->str) : NULL;
	return command;
}

static gboolean
op_touches(const struct store_op *op, const struct group *group)
{
	for (guint i = 0; i < op->ids->len; i++)
		for (guint j = 0; j < group->ids->len; j++)
			if (g_array_index(op->ids, msgid, i) == g_array_index(group->ids, msgid, j))
				return TRUE;
	return FALSE;
}

/* What became of it: still in the journal, refused, or gone because the server has it. */
static gboolean
look_at_journal(struct group *group, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct store *store = app_store(group->account, error);
	gboolean ok = store && store_ops(store, FALSE, 0, ops, error);

	for (guint i = 0; ok && i < ops->len; i++) {
		const struct store_op *op = g_ptr_array_index(ops, i);

		if (!op_touches(op, group))
			continue;
		group->queued = TRUE;
		if (op->state != OP_FAILED)
			continue;
		fulmar_fail(error, FULMAR_FAILED, _("%s refused the change: %s; “fulmar queue” has it"),
		            group->account->id, op->error ? op->error : "");
		ok = FALSE;
	}
	if (store)
		store_close(store);
	return ok;
}

static gboolean
change_group(const struct app *app, struct session *session, const struct change *change, struct group *group,
             GError **error)
{
	GError *replay = NULL;

	if (!session_start(session, group->account, error) ||
	    !session_do(session, flag_command(change, group), error))
		return FALSE;
	group->durable = TRUE;
	/* A replay that fails leaves the change in the journal, which is asked next. */
	if (app_may_link(app, group->account))
		session_do(session, command_new(CMD_REPLAY, group->account->id), &replay);
	g_clear_error(&replay);
	return look_at_journal(group, error);
}

static void
report_group(const struct app *app, const struct group *group)
{
	for (guint i = 0; app->cli.json && i < group->ids->len; i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *id = g_strdup_printf("%s:%" G_GINT64_FORMAT, group->account->id,
		                                      g_array_index(group->ids, msgid, i));

		json_open(out, NULL, '{');
		json_text(out, "id", id);
		json_text(out, "state", group->queued ? "queued" : "done");
		json_close(out, '}');
		report_line(out->str);
	}
}

static int
change_all(const struct app *app, const struct change *change)
{
	struct session *session = session_new(app);
	gboolean queued = FALSE;
	int status = FULMAR_OK;

	for (guint i = 0; i < change->groups->len; i++) {
		struct group *group = g_ptr_array_index(change->groups, i);
		GError *error = NULL;

		change_group(app, session, change, group, &error);
		queued |= group->queued;
		if (!error)
			report_group(app, group);
		app_add_status(&status, i == 0, error ? app_fail(error) : FULMAR_OK);
	}
	if (queued && !app->cli.json && status == FULMAR_OK)
		report_line("queued");
	session_free(session);
	return status;
}

int
command_flag(struct app *app)
{
	struct change change = {0, 0, g_string_new(NULL), g_string_new(NULL),
	                        g_ptr_array_new_with_free_func(group_free)};
	GError *error = NULL;
	int status;

	status = take_words(app, &change, &error) ? change_all(app, &change) : app_fail(error);
	g_string_free(change.keywords_add, TRUE);
	g_string_free(change.keywords_remove, TRUE);
	g_ptr_array_unref(change.groups);
	return status;
}
