#include "ui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include "base/error.h"
#include "base/i18n.h"
#include "conf/keys.h"
#include "ui/theme.h"

#define TWICE_WITHIN 400000 /* µs */

struct term {
	SCREEN *screen;
	FILE *out;     /* what curses writes to: the terminal, or while a frame is made frame */
	int tty;       /* the terminal */
	int frame;     /* a file in memory that takes a frame's octets; -1: none, curses writes by itself */
	WINDOW *input; /* a pad: reading keys from it refreshes nothing */
	struct cell *last;
	int rows, cols;
	gboolean utf8, mouse;
	gint64 clicked; /* monotonic µs of the last single click; 0: none */
	int clicked_y;
	struct theme *theme;
};

static const struct {
	int curses;
	gint32 key;
} key_table[] = {
        {KEY_UP, K_UP},
        {KEY_DOWN, K_DOWN},
        {KEY_LEFT, K_LEFT},
        {KEY_RIGHT, K_RIGHT},
        {KEY_HOME, K_HOME},
        {KEY_END, K_END},
        {KEY_FIND, K_HOME},
        {KEY_SELECT, K_END},
        {KEY_PPAGE, K_PAGE_UP},
        {KEY_NPAGE, K_PAGE_DOWN},
        {KEY_IC, K_INSERT},
        {KEY_DC, K_DELETE},
        {KEY_BACKSPACE, K_BACKSPACE},
        {KEY_BTAB, K_SHIFT_TAB},
        {KEY_ENTER, K_ENTER},
        {KEY_RESIZE, K_RESIZE},
};

static void
read_size(struct term *term)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
	if (term->rows == LINES && term->cols == COLS && term->last)
		return;
	term->rows = LINES;
	term->cols = COLS;
	g_free(term->last);
	term->last = g_new0(struct cell, (gsize)term->rows * (gsize)term->cols);
}

/* curses flushes at every movement of the cursor: a frame would reach the terminal in dozens of pieces, each
 * of which it may draw. So a frame is made in memory and leaves at once. Without memfd_create(2) it goes as
 * it comes. */
static void
open_output(struct term *term)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	term->tty = STDOUT_FILENO;
	term->frame = -1;
	term->out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (term->out)
		term->frame = memfd_create("frame", MFD_CLOEXEC);
	else if (fd >= 0)
		close(fd);
}

static void
close_output(struct term *term)
{
	if (term->out)
		fclose(term->out);
	if (term->frame >= 0)
		close(term->frame);
}

static void
send_frame(struct term *term)
{
	struct pollfd room = {term->tty, POLLOUT, 0};
	char buffer[16384];
	ssize_t n, done, out;

	for (off_t at = 0; (n = pread(term->frame, buffer, sizeof(buffer), at)) > 0; at += n)
		for (done = 0; done < n; done += out) {
			out = write(term->tty, buffer + done, (size_t)(n - done));
			if (out < 0 && errno == EAGAIN)
				poll(&room, 1, -1);
			else if (out < 0 && errno != EINTR)
				return; /* the terminal went away; reading from it says so */
			out = MAX(out, 0);
		}
}

static void
refresh_at_once(struct term *term)
{
	if (term->frame < 0 || ftruncate(term->frame, 0) < 0 || lseek(term->frame, 0, SEEK_SET) < 0 ||
	    dup3(term->frame, fileno(term->out), O_CLOEXEC) < 0) {
		refresh();
		return;
	}
	refresh();
	dup3(term->tty, fileno(term->out), O_CLOEXEC);
	send_frame(term);
}

static void
set_modes(struct term *term)
{
	raw();
	noecho();
	nonl();
	if (term->mouse) {
		mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED |
		                  BUTTON5_PRESSED,
		          NULL);
		mouseinterval(0); /* a click must not wait for a second one: we count ourselves */
	}
}

struct term *
term_open(const struct conf *conf, GError **error)
{
	struct term *term;
	const char *name = g_getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("the screen needs a terminal; in scripts, use the commands (fulmar --help)"));
		return NULL;
	}
	set_escdelay(25);
	use_tioctl(TRUE);
	term = g_new0(struct term, 1);
	open_output(term);
	term->screen = newterm(NULL, term->out ? term->out : stdout, stdin);
	if (!term->screen) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("the terminal type “%s” (TERM) is not known here; try TERM=xterm"),
		            name ? name : "");
		close_output(term);
		g_free(term);
		return NULL;
	}
	term->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	term->mouse = conf->ui.mouse;
	term->input = newpad(1, 1);
	keypad(term->input, TRUE);
	nodelay(term->input, TRUE);
	set_modes(term);
	term->theme = theme_new(conf);
	read_size(term);
	return term;
}

void
term_close(struct term *term)
{
	if (!term)
		return;
	delwin(term->input);
	endwin();
	delscreen(term->screen);
	close_output(term);
	theme_free(term->theme);
	g_free(term->last);
	g_free(term);
}

void
term_size(const struct term *term, int *rows, int *cols)
{
	*rows = term->rows;
	*cols = term->cols;
}

void
term_resize(struct term *term)
{
	read_size(term);
	term_redraw(term);
}

void
term_redraw(struct term *term)
{
	memset(term->last, 0, sizeof(struct cell) * (gsize)term->rows * (gsize)term->cols);
	clearok(curscr, TRUE);
}

/* The wide string of a cell, so wide in the C library's eyes as in ours: curses places what follows by
 * wcwidth(3). */
static int
cell_text(const struct term *term, const struct cell *cell, wchar_t *out)
{
	int n = 0, columns = wcwidth((wchar_t)cell->ch[0]);
	char bytes[MB_LEN_MAX];
	mbstate_t state = {0};

	if (columns < 1 || columns > cell->width ||
	    (!term->utf8 && wcrtomb(bytes, (wchar_t)cell->ch[0], &state) == (size_t)-1)) {
		out[n++] = L'?';
		columns = 1;
	} else {
		out[n++] = (wchar_t)cell->ch[0];
		for (int i = 1; i < 3 && cell->ch[i] && term->utf8; i++)
			if (wcwidth((wchar_t)cell->ch[i]) == 0)
				out[n++] = (wchar_t)cell->ch[i];
	}
	while (columns++ < cell->width)
		out[n++] = L' ';
	return n;
}

static void
paint_row(struct term *term, const struct cell *row, int y)
{
	wchar_t run[256];
	int n = 0, start = 0;

	for (int x = 0; x < term->cols; x++) {
		const struct cell *cell = &row[x];
		gboolean plain = cell->ch[0] >= ' ' && cell->ch[0] < 0x7f && !cell->ch[1];

		if (!cell->ch[0])
			continue;
		if (n && (cell->look != row[start].look || n > 240 || !plain)) {
			theme_set(term->theme, row[start].look);
			mvaddnwstr(y, start, run, n);
			n = 0;
		}
		if (!n)
			start = x;
		n += cell_text(term, cell, run + n);
		if (!plain) { /* nothing relies on how far the terminal moved */
			theme_set(term->theme, cell->look);
			mvaddnwstr(y, x, run, n);
			n = 0;
		}
	}
	if (n) {
		theme_set(term->theme, row[start].look);
		mvaddnwstr(y, start, run, n);
	}
}

void
term_paint(struct term *term, const struct picture *picture, int y, int x)
{
	gsize width = sizeof(struct cell) * (gsize)term->cols;

	if (picture->rows != term->rows || picture->cols != term->cols)
		return;
	for (int i = 0; i < term->rows; i++) {
		const struct cell *row = &picture->cells[(gsize)i * (gsize)term->cols];
		struct cell *last = &term->last[(gsize)i * (gsize)term->cols];

		if (!memcmp(row, last, width))
			continue;
		paint_row(term, row, i);
		memcpy(last, row, width);
	}
	if (y >= 0)
		move(CLAMP(y, 0, term->rows - 1), CLAMP(x, 0, term->cols - 1));
	else
		move(term->rows - 1, term->cols - 1);
	refresh_at_once(term);
}

void
term_leave(struct term *term)
{
	endwin();
}

void
term_return(struct term *term)
{
	reset_prog_mode();
	set_modes(term);
	refresh();
	read_size(term);
	term_redraw(term);
}

void
term_bell(struct term *term)
{
	beep();
}

static gint32
mouse_key(struct term *term, struct term_mouse *mouse)
{
	MEVENT event;
	gint64 now = g_get_monotonic_time();

	*mouse = (struct term_mouse){0};
	if (getmouse(&event) != OK)
		return 0;
	mouse->y = event.y;
	mouse->x = event.x;
	if (event.bstate & BUTTON4_PRESSED)
		mouse->wheel = -1;
	else if (event.bstate & BUTTON5_PRESSED)
		mouse->wheel = 1;
	else if (event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED))
		mouse->click = TRUE;
	else
		return 0;
	mouse->twice = event.bstate & BUTTON1_DOUBLE_CLICKED ||
	               (mouse->click && event.y == term->clicked_y && now - term->clicked < TWICE_WITHIN);
	term->clicked = mouse->click && !mouse->twice ? now : 0;
	term->clicked_y = event.y;
	return K_MOUSE;
}

static gint32
function_key(struct term *term, wint_t code, struct term_mouse *mouse)
{
	if (code == KEY_MOUSE)
		return mouse_key(term, mouse);
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return K_F1 + (gint32)(code - KEY_F(1));
	for (guint i = 0; i < G_N_ELEMENTS(key_table); i++)
		if ((wint_t)key_table[i].curses == code)
			return key_table[i].key;
	return K_RESIZE; /* a key that means nothing to us */
}

static gint32
plain_key(wint_t c)
{
	if (c == '\r' || c == '\n')
		return K_ENTER;
	if (c == 0x7f)
		return K_BACKSPACE;
	return (gint32)c;
}

gint32
term_key(struct term *term, struct term_mouse *mouse)
{
	wint_t c = 0, next = 0;
	int got;

	errno = 0;
	got = wget_wch(term->input, &c);
	if (got == ERR)
		return errno == EIO ? -1 : 0;
	if (got == KEY_CODE_YES)
		return function_key(term, c, mouse);
	if (c != 27)
		return plain_key(c);
	/* Escape and a character at once are Alt with it. */
	got = wget_wch(term->input, &next);
	if (got == OK && next != 27)
		return plain_key(next) | K_META;
	if (got == KEY_CODE_YES)
		return function_key(term, next, mouse);
	return 27;
}
