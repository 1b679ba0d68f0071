#include "model/rights.h"

#include <string.h>
#include "base/error.h"
#include "base/i18n.h"

static const struct right rights[] = {
        {'l', NC_("right", "see"), N_("sees the folder in lists")},
        {'r', NC_("right", "read"), N_("opens the folder and reads its mail")},
        {'s', NC_("right", "mark-read"), N_("keeps for good what was read and what is new")},
        {'w', NC_("right", "flag"), N_("changes flags and keywords")},
        {'i', NC_("right", "add"), N_("puts mail in, by copying, moving or saving")},
        {'p', NC_("right", "post"), N_("sends mail to the folder's own address")},
        {'k', NC_("right", "create"), N_("makes folders below this one")},
        {'x', NC_("right", "remove"), N_("deletes or renames the folder itself")},
        {'t', NC_("right", "delete"), N_("marks mail as deleted")},
        {'e', NC_("right", "expunge"), N_("removes for good what is marked as deleted")},
        {'a', NC_("right", "share"), N_("says who may do what here")},
        {'n', NC_("right", "annotate"), N_("writes notes on mail")},
        {0, NULL, NULL},
};

/* Servers of RFC 2086 know c and d alone (RFC 4314 §2.1.1). */
static const struct {
	char old;
	const char *now;
} old_letters[] = {{'c', "kx"}, {'d', "xte"}};

#define EVERYTHING "lrswikxtea" /* that can be done to mail and folder */

/* What people call a set of rights. */
static const struct {
	const char *word;
	const char *letters;
} sets[] = {
        {N_("nothing"), ""},
        {N_("read-only"), "lrs"},
        {N_("write"), "lrswite"},
        {N_("all"), "lrswipkxtea"},
};

const char *
rights_word(const struct right *right)
{
	return g_dpgettext2(NULL, "right", right->word);
}

const struct right *
rights_all(void)
{
	return rights;
}

static const struct right *
right_of(char letter)
{
	for (const struct right *r = rights; r->letter; r++)
		if (r->letter == letter)
			return r;
	return NULL;
}

static gboolean
has(const char *letters, char letter)
{
	if (strchr(letters, letter))
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(old_letters); i++)
		if (strchr(letters, old_letters[i].old) && strchr(old_letters[i].now, letter))
			return TRUE;
	return FALSE;
}

static void
append_word(GString *out, const char *word)
{
	g_string_append_printf(out, "%s%s", out->len ? ", " : "", word);
}

/* A server of today sends c and d besides what they stood for: only where it knows nothing else they count.
 */
char *
rights_words(const char *letters)
{
	GString *out = g_string_new(NULL);
	g_autofree char *lacks = *letters ? rights_forbid(letters, EVERYTHING) : NULL;
	gboolean old = !strpbrk(letters, "kxte");

	if (*letters && !lacks) {
		g_string_free(out, TRUE);
		return g_strdup(_("everything"));
	}
	for (const struct right *r = rights; r->letter; r++)
		if (old ? has(letters, r->letter) : strchr(letters, r->letter) != NULL)
			append_word(out, rights_word(r));
	for (const char *c = letters; *c; c++)
		if (g_ascii_isalnum(*c) && !right_of(*c) && *c != 'c' && *c != 'd')
			append_word(out, (char[]){*c, '\0'});
	return g_string_free(out, FALSE);
}

char *
rights_forbid(const char *own, const char *need)
{
	if (!own || !*own)
		return NULL;
	for (; *need; need++) {
		const struct right *right = right_of(*need);

		if (right && !has(own, *need))
			return g_strdup_printf(
			        _("the owner of this folder has not given you the right “%s” (%c)"),
			        rights_word(right), *need);
	}
	return NULL;
}

char *
rights_normal(const char *letters)
{
	GString *out = g_string_new(NULL);

	for (const struct right *r = rights; r->letter; r++)
		if (strchr(letters, r->letter))
			g_string_append_c(out, r->letter);
	for (const char *c = letters; *c; c++)
		if (g_ascii_isalnum(*c) && !right_of(*c) && !strchr(out->str, *c))
			g_string_append_c(out, *c);
	return g_string_free(out, FALSE);
}

/* The letters that a word stands for, or NULL. */
static const char *
letters_of(const char *word, char one[2])
{
	for (guint i = 0; i < G_N_ELEMENTS(sets); i++)
		if (!g_ascii_strcasecmp(word, sets[i].word) || !strcmp(word, _(sets[i].word)))
			return sets[i].letters;
	for (const struct right *r = rights; r->letter; r++)
		if (!g_ascii_strcasecmp(word, r->word) || !strcmp(word, rights_word(r))) {
			one[0] = r->letter;
			return one;
		}
	return NULL;
}

/* Nobody names a letter twice: "lrsread" is a word typed behind what stood there, and gives nothing. */
static gboolean
all_are_letters(const char *word)
{
	for (const char *c = word; *c; c++)
		if ((!right_of(*c) && !strchr("cd0123456789", *c)) || strchr(c + 1, *c))
			return FALSE;
	return *word != '\0';
}

char *
rights_typed(const char *typed, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_auto(GStrv) parts = g_strsplit_set(typed, ", +", -1);

	for (char **word = parts; *word; word++) {
		char one[2] = "";
		const char *letters = **word ? letters_of(*word, one) : "";

		if (!letters && all_are_letters(*word))
			letters = *word;
		if (!letters) {
			fulmar_fail(error, FULMAR_USAGE,
			            _("“%s” is no right; there are letters such as lrs, their words, and "
			              "read-only, write, all "
			              "or nothing"),
			            *word);
			return NULL;
		}
		g_string_append(out, letters);
	}
	return rights_normal(out->str);
}
