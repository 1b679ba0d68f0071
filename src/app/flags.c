/* fulmar flag */
#include <string.h>

#include "app/changes.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/keyword.h"

struct flags {
	guint add, remove;
	GString *keywords_add, *keywords_remove;
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

static gboolean
add_flag(struct flags *flags, const char *word, GError **error)
{
	gboolean add = *word == '+';
	guint flag = flag_of(word + 1);
	g_autofree char *keyword = flag ? NULL : keyword_from_typed(word + 1);
	GString *keywords = add ? flags->keywords_add : flags->keywords_remove;

	if (flag) {
		*(add ? &flags->add : &flags->remove) |= flag;
		return TRUE;
	}
	if (!keyword) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("“%s” is no flag: seen, answered, flagged, deleted, draft, forwarded, or a "
		              "keyword without blanks"),
		            word);
		return FALSE;
	}
	g_string_append_printf(keywords, "%s%s", keywords->len ? " " : "", keyword);
	return TRUE;
}

/* Flags and IDs in any order. */
static gboolean
take_words(const struct app *app, struct flags *flags, GPtrArray *groups, GError **error)
{
	const GPtrArray *words = app->cli.words;

	for (guint i = 0; i < words->len; i++) {
		const char *word = g_ptr_array_index(words, i);
		gboolean flag = *word == '+' || *word == '-';

		if (flag ? !add_flag(flags, word, error) : !ids_add(app, groups, word, error))
			return FALSE;
	}
	if (!flags->add && !flags->remove && !flags->keywords_add->len && !flags->keywords_remove->len) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("no flag was named; for example: fulmar flag work:12 +seen"));
		return FALSE;
	}
	return groups->len || ids_take(app, groups, 0, 0, error);
}

static void
fill(const struct wish *wish, const struct ids_group *group, struct command *command)
{
	const struct flags *flags = wish->user;

	command->add = flags->add;
	command->remove = flags->remove;
	command->text = flags->keywords_add->len ? g_strdup(flags->keywords_add->str) : NULL;
	command->text2 = flags->keywords_remove->len ? g_strdup(flags->keywords_remove->str) : NULL;
}

int
command_flag(struct app *app)
{
	struct flags flags = {0, 0, g_string_new(NULL), g_string_new(NULL)};
	const struct wish wish = {.fill = fill, .verb = CMD_FLAG, .user = &flags};
	g_autoptr(GPtrArray) groups = ids_new();
	struct session *session = session_new(app);
	GError *error = NULL;
	int status;

	if (take_words(app, &flags, groups, &error))
		status = changes_make(app, session, &wish, groups);
	else
		status = app_fail(error);
	session_free(session);
	g_string_free(flags.keywords_add, TRUE);
	g_string_free(flags.keywords_remove, TRUE);
	return status;
}
