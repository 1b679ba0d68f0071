#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/keyword.h"

/* What a server is asked for about a message. Fields rather than ENVELOPE: servers make mistakes in that, and
 * References is not in it. THREADID is not asked for: conversations are put together here, alike for every
 * server. SAVEDATE goes with what is fetched when a message is opened (fetch.c). */

#define ROW_HEADER \
	"BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID " \
	"CONTENT-TYPE)]"
#define BASICS "UID FLAGS INTERNALDATE RFC822.SIZE"

static void
choose(char **items, const char *first, const char *more, const char *last)
{
	g_free(*items);
	*items = g_strconcat("(", first, more, last, ")", NULL);
}

void
imap_items_choose(struct backend *b)
{
	const char *id = "", *preview = imap_has(b, "PREVIEW") ? " PREVIEW (LAZY)" : "";
	g_autofree char *last = g_strconcat(preview, " ", ROW_HEADER, NULL);

	b->gmail = imap_has(b, "X-GM-EXT-1");
	if (b->gmail)
		id = " X-GM-MSGID X-GM-LABELS";
	else if (imap_has(b, "OBJECTID"))
		id = " EMAILID";
	choose(&b->row_items, BASICS, id, " " ROW_HEADER);
	choose(&b->row_items_full, BASICS " BODYSTRUCTURE", id, last);
	choose(&b->flag_items, "UID FLAGS", b->gmail ? " X-GM-LABELS" : "", "");
	choose(&b->bind_items, BASICS, id, " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]");
}

static void
append_keyword(GString *keywords, const char *prefix, const char *word)
{
	if (keywords->len)
		g_string_append_c(keywords, ' ');
	g_string_append(keywords, prefix);
	for (; *word; word++)
		if ((unsigned char)*word <= ' ')
			g_string_append(keywords, KEYWORD_BLANK);
		else
			g_string_append_c(keywords, *word);
}

/* Of those of the system only one says something that the folder and the flags do not. */
void
imap_labels_of(const struct imap_node *first, GString *keywords)
{
	for (const struct imap_node *n = first; n; n = n->next) {
		g_autofree char *name = NULL;

		if ((n->type != IMAP_ATOM && n->type != IMAP_STRING) || !n->text || !n->len)
			continue;
		if (n->text[0] == '\\') {
			if (imap_node_is(n, "\\Important"))
				append_keyword(keywords, KEYWORD_LABEL, "Important");
			continue;
		}
		name = imap_utf7_to_utf8(n->text, n->len);
		if (!name)
			name = g_utf8_make_valid((const char *)n->text, (gssize)n->len);
		append_keyword(keywords, KEYWORD_LABEL, name);
	}
}

gboolean
imap_is_label(const struct backend *b, const char *keyword, char **name)
{
	g_auto(GStrv) words = NULL;
	g_autofree char *text = NULL;

	if (!b->gmail || !g_str_has_prefix(keyword, KEYWORD_LABEL) || !keyword[strlen(KEYWORD_LABEL)])
		return FALSE;
	if (!name)
		return TRUE;
	if (!strcmp(keyword, KEYWORD_LABEL "Important")) { /* no label of a person's can be called so */
		*name = g_strdup("\\Important");
		return TRUE;
	}
	words = g_strsplit(keyword + strlen(KEYWORD_LABEL), KEYWORD_BLANK, -1);
	text = g_strjoinv(" ", words);
	*name = imap_wire_name(b, text);
	return *name != NULL;
}

void
imap_labels_kept(struct backend *b, guint64 uid, GString *keywords)
{
	msgid id = store_id_by_uid(b->env->store, b->box.folder, uid, NULL);
	struct store_row *row = id ? store_row(b->env->store, id, NULL) : NULL;
	g_auto(GStrv) words = row && row->keywords ? g_strsplit(row->keywords, " ", -1) : NULL;

	for (char **w = words; w && *w; w++)
		if (g_str_has_prefix(*w, KEYWORD_LABEL))
			append_keyword(keywords, "", *w);
	g_clear_pointer(&row, store_row_free);
}
