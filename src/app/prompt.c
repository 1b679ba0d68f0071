#include "app/prompt.h"

#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/text.h"

#define SECRET_MAX 4096

gboolean
prompt_possible(void)
{
	int fd = isatty(STDERR_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void
say(int fd, const char *text)
{
	gsize len = strlen(text);

	while (len > 0) {
		gssize n = write(fd, text, len);

		if (n <= 0)
			return;
		text += n;
		len -= (gsize)n;
	}
}

static void
erase_last(GString *line)
{
	while (line->len && ((guchar)line->str[line->len - 1] & 0xc0) == 0x80)
		g_string_truncate(line, line->len - 1);
	if (line->len)
		g_string_truncate(line, line->len - 1);
}

/* Key by key with the line discipline off, so that Ctrl-C comes to us and the terminal is put back as it was.
 */
static gboolean
read_line(int fd, GString *line)
{
	char c;

	while (read(fd, &c, 1) == 1) {
		switch (c) {
		case '\r':
		case '\n':
			return TRUE;
		case 3:
		case 4:
			return FALSE;
		case 8:
		case 127:
			erase_last(line);
			break;
		case 21:
			g_string_truncate(line, 0);
			break;
		default:
			if (line->len < SECRET_MAX)
				g_string_append_c(line, c);
		}
	}
	return FALSE;
}

char *
prompt_secret(const char *text)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	g_autofree char *safe = text_safe(text, -1);
	struct termios before, silent;
	GString *line;
	gboolean got;

	if (fd < 0)
		return NULL;
	if (tcgetattr(fd, &before) != 0) {
		close(fd);
		return NULL;
	}
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
	silent.c_cc[VMIN] = 1;
	silent.c_cc[VTIME] = 0;
	say(fd, safe);
	say(fd, ": ");
	tcsetattr(fd, TCSAFLUSH, &silent);
	line = g_string_sized_new(256);
	got = read_line(fd, line);
	tcsetattr(fd, TCSAFLUSH, &before);
	say(fd, "\n");
	close(fd);
	if (got)
		return g_string_free(line, FALSE);
	memset(line->str, 0, line->len);
	g_string_free(line, TRUE);
	return NULL;
}

gboolean
prompt_yes(const char *text)
{
	/* The letters of the answers: what stands in brackets must be them. */
	const char *yes = _("y"), *choices = _("[y/N]");
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	g_autofree char *safe = text_safe(text, -1);
	char answer[256];
	gssize n;

	if (fd < 0)
		return FALSE;
	say(fd, safe);
	say(fd, " ");
	say(fd, choices);
	say(fd, " ");
	n = read(fd, answer, sizeof answer);
	close(fd);
	return n > 0 && g_ascii_tolower(answer[0]) == yes[0];
}
