#include "proto/imap/parse-private.h"

#include <string.h>

#include "base/i18n.h"

/* Bytewise table: the wire knows no locale. */
static const struct {
	const char *word;
	enum imap_status status;
} statuses[] = {
        {"OK", IMAP_OK}, {"NO", IMAP_NO}, {"BAD", IMAP_BAD}, {"BYE", IMAP_BYE}, {"PREAUTH", IMAP_PREAUTH},
};

enum imap_status
imap_status_word(const unsigned char *word, gsize len)
{
	for (guint i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (strlen(statuses[i].word) == len &&
		    g_ascii_strncasecmp(statuses[i].word, (const char *)word, len) == 0)
			return statuses[i].status;
	return IMAP_NONE;
}

static void
skip_blanks(struct imap_reader *reader)
{
	while (*reader->p == ' ')
		reader->p++;
}

/* The word at p, up to what cannot be in one. */
static unsigned char *
take_word(struct imap_reader *reader, gsize *len)
{
	unsigned char *word = reader->p, *p = word;

	while (*p != ' ' && *p != '(' && *p != ')' && *p != '[' && *p != ']' && *p != '"' && *p != '\n')
		p++;
	*len = (gsize)(p - word);
	reader->p = p;
	return word;
}

/* Upper case, with a NUL. An octet behind the word that is still needed stays: the word moves over the one
 * before, which was read. */
static const char *
close_word(struct imap_reader *reader, unsigned char *word, gsize len)
{
	for (gsize i = 0; i < len; i++)
		word[i] = (unsigned char)g_ascii_toupper((char)word[i]);
	if (*reader->p == ' ') {
		reader->p++;
	} else {
		memmove(word - 1, word, len);
		word--;
	}
	word[len] = '\0';
	return (const char *)word;
}

/* What is left of the line. */
static const char *
take_text(struct imap_reader *reader)
{
	unsigned char *text = reader->p, *end;

	if (reader->ended)
		return "";
	if (*text == ' ')
		text++;
	for (end = text; *end != '\n'; end++)
		;
	*end = '\0';
	return (const char *)text;
}

/* "[CODE args] text" or "text". */
static int
read_condition(struct imap_reader *reader, struct imap_response *response)
{
	unsigned char *word;
	gsize len;

	skip_blanks(reader);
	if (*reader->p == '[') {
		reader->p++;
		word = take_word(reader, &len);
		if (len)
			response->code = close_word(reader, word, len);
		if (!imap_reader_nodes(reader, TRUE, &response->code_args))
			return -1;
	}
	response->text = take_text(reader);
	return 1;
}

/* The numbers of a SEARCH as one atom: there may be a million. */
static int
read_search(struct imap_reader *reader, struct imap_response *response)
{
	const struct imap_node *rest;
	struct imap_node *numbers;
	unsigned char *start, *end;

	skip_blanks(reader);
	start = reader->p;
	while (*reader->p != '(' && *reader->p != '\n')
		reader->p++;
	for (end = reader->p; end > start && end[-1] == ' '; end--)
		;
	if (!imap_reader_nodes(reader, FALSE, &rest))
		return -1;
	response->args = rest;
	if (start == end)
		return 1;
	numbers = imap_reader_node(reader, IMAP_ATOM);
	if (!numbers)
		return -1;
	*end = '\0';
	numbers->text = start;
	numbers->len = (gsize)(end - start);
	numbers->next = (struct imap_node *)rest;
	response->args = numbers;
	return 1;
}

static int
read_untagged(struct imap_reader *reader, struct imap_response *response)
{
	unsigned char *word;
	gsize len;

	response->kind = IMAP_UNTAGGED;
	skip_blanks(reader);
	word = take_word(reader, &len);
	if (!len && *reader->p == '[') {
		response->status = IMAP_OK;
		return read_condition(reader, response);
	}
	response->has_number =
	        len && g_ascii_isdigit(*word) && imap_number_read(word, len, &response->number);
	if (response->has_number) {
		skip_blanks(reader);
		word = take_word(reader, &len);
	} else {
		response->status = imap_status_word(word, len);
	}
	if (response->status != IMAP_NONE)
		return read_condition(reader, response);
	response->name = close_word(reader, word, len);
	if (strcmp(response->name, "SEARCH") == 0)
		return read_search(reader, response);
	return imap_reader_nodes(reader, FALSE, &response->args) ? 1 : -1;
}

static int
read_tagged(struct imap_reader *reader, struct imap_response *response)
{
	unsigned char *tag, *word;
	gsize len, tag_len;

	response->kind = IMAP_TAGGED;
	tag = take_word(reader, &tag_len);
	for (gsize i = 0; i < tag_len; i++)
		if (!g_ascii_isgraph(tag[i]))
			tag_len = 0;
	if (tag_len && *reader->p == ' ') {
		skip_blanks(reader);
		word = take_word(reader, &len);
		response->status = imap_status_word(word, len);
	}
	if (response->status == IMAP_NONE) {
		reader->fault = N_("it is no IMAP response");
		return -1;
	}
	tag[tag_len] = '\0';
	response->tag = (const char *)tag;
	return read_condition(reader, response);
}

int
imap_response_read(struct imap_reader *reader, struct imap_response *response)
{
	memset(response, 0, sizeof(*response));
	response->text = "";
	/* Some servers put NULs before a response. */
	while (*reader->p == '\0' || *reader->p == ' ')
		reader->p++;
	switch (*reader->p) {
	case '\n':
		return 0;
	case '+':
		reader->p++;
		response->kind = IMAP_CONTINUE;
		response->text = take_text(reader);
		return 1;
	case '*':
		reader->p++;
		return read_untagged(reader, response);
	case '[':
		return read_untagged(reader, response);
	default:
		return read_tagged(reader, response);
	}
}
