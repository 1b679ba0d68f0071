#include "ui/theme.h"

#include <stdlib.h>
#include <string.h>
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include "ui/picture.h"

#define NONE (-1) /* the terminal's own colour */

struct paint {
	short fg, bg;
	attr_t attrs;
};

struct theme {
	gboolean colours;
	struct paint roles[ROLES];
};

/* One accent; everything else is the terminal's own colour, weight, or a quiet grey. fg8: with 8 or 16
 * colours. */
static const struct {
	const char *name;
	short fg8, fg256;
	attr_t attrs;      /* always */
	attr_t attrs_mono; /* added without colours */
} roles[] = {
        [ROLE_TEXT] = {"text", NONE, NONE, 0, 0},
        [ROLE_TITLE] = {"title", NONE, NONE, A_BOLD, 0},
        [ROLE_ACCENT] = {"accent", COLOR_CYAN, 37, 0, A_BOLD},
        [ROLE_DIM] = {"dim", NONE, 244, 0, 0},
        [ROLE_NEW] = {"new", NONE, NONE, A_BOLD, 0},
        [ROLE_FLAGGED] = {"flagged", COLOR_YELLOW, 172, A_BOLD, 0},
        [ROLE_SELECTED] = {"selected", COLOR_CYAN, 37, A_BOLD, A_UNDERLINE},
        [ROLE_ERROR] = {"error", COLOR_RED, 160, A_BOLD, A_REVERSE},
        [ROLE_GOOD] = {"good", COLOR_GREEN, 71, 0, 0},
        [ROLE_QUOTE1] = {"quote1", COLOR_CYAN, 67, 0, A_DIM},
        [ROLE_QUOTE2] = {"quote2", COLOR_GREEN, 71, 0, A_DIM},
        [ROLE_QUOTE3] = {"quote3", COLOR_MAGENTA, 133, 0, A_DIM},
        [ROLE_LINK] = {"link", COLOR_CYAN, 37, A_UNDERLINE, 0},
        [ROLE_HEADING] = {"heading", NONE, NONE, A_BOLD, 0},
        [ROLE_CODE] = {"code", NONE, 244, 0, 0},
        [ROLE_SIGNATURE] = {"signature", NONE, 244, 0, A_DIM},
        [ROLE_LABEL] = {"label", COLOR_CYAN, 37, 0, A_BOLD},
        [ROLE_RULE] = {"rule", NONE, 240, 0, 0},
        [ROLE_CURSOR] = {"cursor", NONE, NONE, A_REVERSE, 0},
        [ROLE_STATUS] = {"status", NONE, 244, 0, 0},
        [ROLE_KEY] = {"key", COLOR_CYAN, 37, A_BOLD, 0},
};
G_STATIC_ASSERT(G_N_ELEMENTS(roles) == ROLES);

static const char *const colour_names[] = {"black", "red",     "green", "yellow",
                                           "blue",  "magenta", "cyan",  "white"};

static const struct {
	const char *name;
	attr_t attr;
} attr_names[] = {{"bold", A_BOLD},
                  {"dim", A_DIM},
                  {"italic", A_ITALIC},
                  {"underline", A_UNDERLINE},
                  {"reverse", A_REVERSE}};

/* #rrggbb as the nearest of the 6x6x6 cube: "true colour" terminals have 256 too, and curses asks them for no
 * more. */
static short
cube_colour(guint rgb)
{
	guint r = (rgb >> 16 & 0xff) * 5 + 127, g = (rgb >> 8 & 0xff) * 5 + 127, b = (rgb & 0xff) * 5 + 127;

	return (short)(16 + r / 255 * 36 + g / 255 * 6 + b / 255);
}

/* NONE - 1 when word is no colour. */
static short
parse_colour(const char *word)
{
	gboolean bright = g_str_has_prefix(word, "bright-");
	char *end;
	gint64 n;

	if (!strcmp(word, "default"))
		return NONE;
	if (*word == '#' && strlen(word) == 7)
		return COLORS >= 256 ? cube_colour((guint)strtoul(word + 1, NULL, 16)) : NONE;
	for (short i = 0; i < (short)G_N_ELEMENTS(colour_names); i++)
		if (!strcmp(word + (bright ? 7 : 0), colour_names[i]))
			return (short)(bright && COLORS >= 16 ? i + 8 : i);
	n = g_ascii_strtoll(word, &end, 10);
	if (end != word && !*end && n >= 0 && n < 256)
		return n < COLORS ? (short)n : NONE;
	return NONE - 1;
}

/* "cyan bold", "#005faf on default underline" */
static void
parse_paint(struct paint *paint, const char *value)
{
	g_auto(GStrv) words = g_strsplit_set(value, " ,", -1);
	gboolean background = FALSE;

	*paint = (struct paint){NONE, NONE, 0};
	for (char **w = words; *w; w++) {
		short colour = parse_colour(*w);

		for (guint i = 0; i < G_N_ELEMENTS(attr_names); i++)
			if (!strcmp(*w, attr_names[i].name))
				paint->attrs |= attr_names[i].attr;
		if (!strcmp(*w, "on")) {
			background = TRUE;
		} else if (colour >= NONE) {
			*(background ? &paint->bg : &paint->fg) = colour;
			background = TRUE;
		}
	}
}

static gboolean
wants_colours(const struct conf *conf)
{
	const char *no_color = g_getenv("NO_COLOR");
	const char *colour = conf->ui.colour ? conf->ui.colour : "auto";

	if (!strcmp(colour, "none") || (!strcmp(colour, "auto") && no_color && *no_color))
		return FALSE;
	return has_colors() && start_color() == OK;
}

struct theme *
theme_new(const struct conf *conf)
{
	struct theme *theme = g_new0(struct theme, 1);
	gboolean many;

	theme->colours = wants_colours(conf);
	if (theme->colours)
		use_default_colors();
	many = theme->colours && COLORS >= 256 && g_strcmp0(conf->ui.colour, "8") != 0;
	for (int r = 0; r < ROLES; r++)
		theme->roles[r] = (struct paint){many ? roles[r].fg256 : roles[r].fg8, NONE,
		                                 roles[r].attrs | (theme->colours ? 0 : roles[r].attrs_mono)};
	for (guint i = 0; i < conf->colours->len; i++) {
		const struct conf_colour *colour = conf->colours->pdata[i];

		for (int r = 0; r < ROLES; r++)
			if (!strcmp(roles[r].name, colour->role))
				parse_paint(&theme->roles[r], colour->value);
	}
	/* Pair n + 1 belongs to role n. */
	for (short r = 0; theme->colours && r < ROLES; r++)
		init_pair((short)(r + 1), theme->roles[r].fg, theme->roles[r].bg);
	return theme;
}

void
theme_free(struct theme *theme)
{
	g_free(theme);
}

void
theme_set(const struct theme *theme, guint look)
{
	guint role = look & ROLE_MASK;
	attr_t attrs = theme->roles[role].attrs;

	if (look & LOOK_BOLD)
		attrs |= A_BOLD;
	if (look & LOOK_DIM)
		attrs |= A_DIM;
	if (look & LOOK_ITALIC)
		attrs |= A_ITALIC;
	if (look & LOOK_UNDERLINE)
		attrs |= A_UNDERLINE;
	if (look & LOOK_REVERSE)
		attrs |= A_REVERSE;
	attr_set(attrs, theme->colours ? (short)(role + 1) : 0, NULL);
}
