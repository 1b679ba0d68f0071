#include "ui/edit.h"

#include <string.h>
#include "base/text.h"

#define LENGTH_MAX 4000 /* octets */

void
edit_init(struct edit *edit, const char *text)
{
	edit->text = g_string_sized_new(256);
	edit_set(edit, text);
}

void
edit_clear(struct edit *edit)
{
	/* It may have been a password. */
	explicit_bzero(edit->text->str, edit->text->allocated_len);
	g_string_free(edit->text, TRUE);
	edit->text = NULL;
}

void
edit_set(struct edit *edit, const char *text)
{
	g_string_assign(edit->text, text);
	edit->at = edit->text->len;
}

void
edit_insert(struct edit *edit, gunichar c)
{
	char bytes[6];
	int n = g_unichar_to_utf8(c, bytes);

	if (edit->text->len + (gsize)n > LENGTH_MAX || !g_unichar_validate(c))
		return;
	g_string_insert_len(edit->text, (gssize)edit->at, bytes, n);
	edit->at += (gsize)n;
}

static gsize
before(const struct edit *edit)
{
	gsize at = 0, next = 0;
	int width;

	while (next < edit->at) {
		at = next;
		next += text_next(edit->text->str + at, edit->text->len - at, &width);
	}
	return at;
}

static gsize
after(const struct edit *edit)
{
	int width;

	if (edit->at >= edit->text->len)
		return edit->at;
	return edit->at + text_next(edit->text->str + edit->at, edit->text->len - edit->at, &width);
}

static void
erase_to(struct edit *edit, gsize to)
{
	gsize from = MIN(edit->at, to), n = MAX(edit->at, to) - from;

	g_string_erase(edit->text, (gssize)from, (gssize)n);
	edit->at = from;
}

static gsize
word_start(const struct edit *edit)
{
	gsize at = edit->at;

	while (at > 0 && edit->text->str[at - 1] == ' ')
		at--;
	while (at > 0 && edit->text->str[at - 1] != ' ')
		at--;
	return at;
}

gboolean
edit_act(struct edit *edit, enum action action)
{
	switch ((int)action) {
	case ACT_ERASE:
		erase_to(edit, before(edit));
		return TRUE;
	case ACT_ERASE_FORWARD:
		erase_to(edit, after(edit));
		return TRUE;
	case ACT_ERASE_WORD:
		erase_to(edit, word_start(edit));
		return TRUE;
	case ACT_ERASE_LINE:
		erase_to(edit, 0);
		return TRUE;
	case ACT_ERASE_REST:
		erase_to(edit, edit->text->len);
		return TRUE;
	case ACT_CHAR_LEFT:
		edit->at = before(edit);
		return TRUE;
	case ACT_CHAR_RIGHT:
		edit->at = after(edit);
		return TRUE;
	case ACT_LINE_START:
		edit->at = 0;
		return TRUE;
	case ACT_LINE_END:
		edit->at = edit->text->len;
		return TRUE;
	}
	return FALSE;
}

/* What stands for octets that no terminal may get; the names of folders come from servers. */
static char *
shown(const char *text, gsize len)
{
	GString *out = g_string_sized_new(len);
	int width;

	while (len) {
		gsize n = text_next(text, len, &width);

		if (*text == '\n' || !text_is_safe(text, (gssize)n))
			g_string_append_c(out, '?');
		else
			g_string_append_len(out, text, (gssize)n);
		text += n;
		len -= n;
	}
	return g_string_free(out, FALSE);
}

static int
draw_marks(const struct edit *edit, struct picture *picture, int y, int x, int width)
{
	g_autofree char *marks = g_strnfill((gsize)g_utf8_strlen(edit->text->str, -1), '*');

	return x + picture_text(picture, y, x, width - 1, ROLE_TEXT, marks);
}

static int
draw_text(const struct edit *edit, struct picture *picture, int y, int x, int width)
{
	g_autofree char *left = shown(edit->text->str, edit->at),
	                *right = shown(edit->text->str + edit->at, edit->text->len - edit->at),
	                *text = g_strconcat(left, right, NULL);
	const char *start = left;
	int cursor, columns;

	/* What does not fit moves out on the left. */
	while ((cursor = text_width(start, -1)) >= width && *start)
		start += text_next(start, strlen(start), &columns);
	picture_text(picture, y, x, width, ROLE_TEXT, text + (start - left));
	return x + cursor;
}

int
edit_draw(const struct edit *edit, struct picture *picture, int y, int x, int width, gboolean secret)
{
	return secret ? draw_marks(edit, picture, y, x, width) : draw_text(edit, picture, y, x, width);
}
