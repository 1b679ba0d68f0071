#include "app/rows.h"

#include <string.h>

#include "app/report.h"
#include "base/i18n.h"
#include "base/text.h"

static const struct flag_name {
	guint flag;
	const char *name;
} flag_names[] = {
        {FLAG_SEEN, "seen"},       {FLAG_ANSWERED, "answered"}, {FLAG_FLAGGED, "flagged"},
        {FLAG_DELETED, "deleted"}, {FLAG_DRAFT, "draft"},       {FLAG_FORWARDED, "forwarded"},
};

static const char *const body_names[] = {"none", "partial", "full"};
G_STATIC_ASSERT(G_N_ELEMENTS(body_names) == BODY_FULL + 1);

static void
json_addresses(GString *out, const char *key, const GPtrArray *addresses)
{
	json_open(out, key, '[');
	for (guint i = 0; i < addresses->len; i++) {
		const struct mime_address *address = g_ptr_array_index(addresses, i);

		json_open(out, NULL, '{');
		json_text(out, "name", address->name);
		json_text(out, "email", address->email);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
json_flags(GString *out, guint flags)
{
	json_open(out, "flags", '[');
	for (guint i = 0; i < G_N_ELEMENTS(flag_names); i++)
		if (flags & flag_names[i].flag)
			json_text(out, NULL, flag_names[i].name);
	json_close(out, ']');
}

static void
json_int_or_null(GString *out, const char *key, gint64 n, gboolean known)
{
	if (known)
		json_int(out, key, n);
	else
		json_null(out, key);
}

void
rows_json_members(GString *out, const struct conf_account *account, const char *folder,
                  const struct store_row *row)
{
	g_autofree char *id = g_strdup_printf("%s:%" G_GINT64_FORMAT, account->id, row->id);

	json_text(out, "id", id);
	json_text(out, "account", account->id);
	json_text(out, "folder", folder);
	/* A Maildir names messages by their files; the number the store keeps for them is our own. */
	json_int_or_null(out, "uid", (gint64)row->uid, row->uid != 0 && account->type != ACCOUNT_MAILDIR);
	json_text(out, "message_id", row->message_id);
	if (row->has_date)
		json_time(out, "date", row->date);
	else
		json_null(out, "date");
	json_time(out, "received", row->received);
	if (row->saved)
		json_time(out, "saved", row->saved);
	else
		json_null(out, "saved");
	json_addresses(out, "from", row->from);
	json_addresses(out, "to", row->to);
	json_addresses(out, "cc", row->cc);
	json_text(out, "subject", row->subject);
	json_flags(out, row->flags);
	json_words(out, "keywords", row->keywords);
	json_int(out, "size", (gint64)row->size);
	json_int_or_null(out, "attachments", row->attachments, row->attachments >= 0);
	json_int(out, "thread", row->thread);
	json_text(out, "preview", row->preview);
	json_text(out, "body", body_names[row->body]);
}

const char *
rows_sender(const struct store_row *row)
{
	const struct mime_address *address;

	if (!row->from->len)
		return "";
	address = g_ptr_array_index(row->from, 0);
	return *address->name ? address->name : address->email;
}

/* As on the screen: state, mark, attachment. */
static void
marks(const struct store_row *row, char out[4])
{
	out[0] = row->flags & FLAG_DELETED     ? 'D'
	         : !(row->flags & FLAG_SEEN)   ? 'N'
	         : row->flags & FLAG_ANSWERED  ? 'r'
	         : row->flags & FLAG_FORWARDED ? 'f'
	                                       : ' ';
	out[1] = row->flags & FLAG_FLAGGED ? '!' : ' ';
	out[2] = row->attachments > 0 || row->attachments == -2 ? '@' : ' ';
	out[3] = '\0';
}

#define SENDER_COLUMNS 20
#define DEPTH_MAX 8

static gboolean
print_text(const struct conf_account *account, const struct store_row *row, guint depth)
{
	g_autoptr(GString) line = g_string_new(NULL);
	g_autofree char *id = g_strdup_printf("%s:%" G_GINT64_FORMAT, account->id, row->id);
	g_autofree char *date = report_date(row->received);
	g_autofree char *sender = text_safe(rows_sender(row), -1);
	g_autofree char *subject = text_safe(row->subject, -1);
	int columns = report_columns();
	char mark[4];

	marks(row, mark);
	g_string_append_printf(line, "%-*s  %s  %s  ", (int)strlen(account->id) + 8, id, mark, date);
	text_cell(line, sender, SENDER_COLUMNS, TRUE, FALSE);
	g_string_append_printf(line, "  %*s%s", (int)MIN(depth, DEPTH_MAX) * 2, "", subject);
	if (columns) {
		g_autoptr(GString) cut = g_string_new(NULL);

		text_cell(cut, line->str, columns, FALSE, FALSE);
		return report_line(cut->str);
	}
	return report_line(line->str);
}

gboolean
rows_print(const struct app *app, const struct conf_account *account, const char *folder,
           const struct store_row *row, guint depth)
{
	g_autoptr(GString) out = NULL;

	if (!app->cli.json)
		return print_text(account, row, depth);
	out = g_string_new(NULL);
	json_open(out, NULL, '{');
	rows_json_members(out, account, folder, row);
	json_close(out, '}');
	return report_line(out->str);
}
