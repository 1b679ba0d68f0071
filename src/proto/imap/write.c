#include "proto/imap/write.h"

#include <string.h>

/* Longer strings go as literals: servers limit the length of a line. */
#define MAX_QUOTED 1000

static void
append_text(struct imap_command *cmd, const char *text)
{
	g_assert(!strpbrk(text, "\r\n"));
	g_string_append(cmd->open, text);
}

struct imap_command *
imap_command_new(const char *tag, const char *name, enum imap_literals literals)
{
	struct imap_command *cmd = g_new0(struct imap_command, 1);

	cmd->chunks = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	cmd->open = g_string_new(NULL);
	cmd->literals = literals;
	append_text(cmd, tag);
	g_string_append_c(cmd->open, ' ');
	append_text(cmd, name);
	return cmd;
}

void
imap_command_free(struct imap_command *cmd)
{
	if (!cmd)
		return;
	g_ptr_array_unref(cmd->chunks);
	if (cmd->open)
		g_string_free(cmd->open, TRUE);
	g_free(cmd);
}

/* The blank before an argument. */
static void
separate(struct imap_command *cmd)
{
	if (!cmd->opened)
		g_string_append_c(cmd->open, ' ');
	cmd->opened = FALSE;
}

static void
end_chunk(struct imap_command *cmd, gboolean last)
{
	g_ptr_array_add(cmd->chunks, g_string_free_to_bytes(cmd->open));
	cmd->open = last ? NULL : g_string_new(NULL);
}

void
imap_command_atom(struct imap_command *cmd, const char *atom)
{
	separate(cmd);
	append_text(cmd, atom);
}

gboolean
imap_is_flag(const char *flag)
{
	const char *p = flag + (*flag == '\\');

	if (!*p)
		return FALSE;
	for (; *p; p++)
		if (!g_ascii_isgraph(*p) || strchr("(){%*\"\\]", *p))
			return FALSE;
	return TRUE;
}

void
imap_command_number(struct imap_command *cmd, guint64 number)
{
	separate(cmd);
	g_string_append_printf(cmd->open, "%" G_GUINT64_FORMAT, number);
}

static gboolean
can_quote(const unsigned char *text, gsize len)
{
	if (len > MAX_QUOTED)
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return FALSE;
	return TRUE;
}

void
imap_command_string(struct imap_command *cmd, const void *text, gsize len)
{
	const char *p = text;

	if (!can_quote(text, len)) {
		imap_command_literal(cmd, text, len, FALSE);
		return;
	}
	separate(cmd);
	g_string_append_c(cmd->open, '"');
	for (gsize i = 0; i < len; i++) {
		if (p[i] == '"' || p[i] == '\\')
			g_string_append_c(cmd->open, '\\');
		g_string_append_c(cmd->open, p[i]);
	}
	g_string_append_c(cmd->open, '"');
}

void
imap_command_mailbox(struct imap_command *cmd, const char *wire_name)
{
	if (g_ascii_strcasecmp(wire_name, "INBOX") == 0)
		imap_command_atom(cmd, "INBOX");
	else
		imap_command_string(cmd, wire_name, strlen(wire_name));
}

void
imap_command_literal(struct imap_command *cmd, const void *bytes, gsize len, gboolean binary)
{
	gboolean wait =
	        cmd->literals == IMAP_LITERAL_SYNC || (cmd->literals == IMAP_LITERAL_MINUS && len > 4096);

	separate(cmd);
	g_string_append_printf(cmd->open, "%s{%" G_GSIZE_FORMAT "%s}\r\n", binary ? "~" : "", len,
	                       wait ? "" : "+");
	if (wait)
		end_chunk(cmd, FALSE);
	g_string_append_len(cmd->open, bytes, (gssize)len);
}

void
imap_command_open(struct imap_command *cmd)
{
	separate(cmd);
	g_string_append_c(cmd->open, '(');
	cmd->opened = TRUE;
}

void
imap_command_close(struct imap_command *cmd)
{
	g_string_append_c(cmd->open, ')');
	cmd->opened = FALSE;
}

void
imap_command_finish(struct imap_command *cmd)
{
	g_string_append(cmd->open, "\r\n");
	end_chunk(cmd, TRUE);
}
