#include "model/fuzzy.h"

#include <string.h>

#define POINTS_EXACT 5000
#define POINTS_PREFIX 400
#define POINTS_WORD_START 200
#define POINTS_INSIDE 100
#define POINTS_SCATTERED 10
#define OCCURRENCES_TRIED 32

static gboolean
starts_word(const char *text, const char *at)
{
	const char *before;

	if (at == text)
		return TRUE;
	before = g_utf8_find_prev_char(text, at);
	return before && !g_unichar_isalnum(g_utf8_get_char(before));
}

/* The letters of word in order, anywhere; a point for each that follows the one before at once or begins a
 * word. */
static int
score_scattered(const char *word, const char *text)
{
	int score = POINTS_SCATTERED;
	const char *last = NULL, *at = text;

	for (const char *w = word; *w; w = g_utf8_next_char(w)) {
		gunichar want = g_utf8_get_char(w);

		while (*at && g_utf8_get_char(at) != want)
			at = g_utf8_next_char(at);
		if (!*at)
			return -1;
		if (last == at || starts_word(text, at))
			score++;
		at = g_utf8_next_char(at);
		last = at;
	}
	return score;
}

static int
score_word(const char *word, const char *text)
{
	gsize len = strlen(word);
	const char *at;
	int best = -1;

	if (!strcmp(word, text))
		return POINTS_EXACT;
	if (!strncmp(word, text, len))
		return POINTS_PREFIX;
	at = strstr(text, word);
	for (int tried = 0; at && best < POINTS_WORD_START && tried < OCCURRENCES_TRIED;
	     tried++, at = strstr(at + 1, word))
		best = MAX(best, starts_word(text, at) ? POINTS_WORD_START : POINTS_INSIDE);
	return best > 0 ? best : score_scattered(word, text);
}

int
fuzzy_score(const char *pattern, const char *candidate)
{
	g_autofree char *folded = g_utf8_casefold(pattern, -1);
	g_autofree char *text = g_utf8_casefold(candidate, -1);
	g_auto(GStrv) words = g_strsplit(g_strstrip(folded), " ", -1);
	int total = 0;

	if (!strcmp(folded, text) && *text)
		return POINTS_EXACT;
	for (char **w = words; *w; w++) {
		int score = **w ? score_word(*w, text) : 0;

		if (score < 0)
			return -1;
		total += score;
	}
	/* Of equal matches the shorter name is meant. */
	return total ? total * 4 + (int)(100 / (1 + strlen(text) / 8)) : 0;
}
