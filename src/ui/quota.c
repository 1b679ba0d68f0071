#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "ui/ui-private.h"

/* How much room is left on the server: asked for now and then, warned of when it gets narrow. */

#define ASK_EVERY (30 * 60 * G_USEC_PER_SEC)

/* Octets used and the limit; FALSE: not about room (RFC 9208 §5: STORAGE, in units of 1024 octets). */
static gboolean
read_quota(const char *name, const char *value, guint64 *used, guint64 *limit)
{
	const char *resource = strrchr(name, ' ');
	char *end;

	if (g_ascii_strcasecmp(resource ? resource + 1 : name, "STORAGE"))
		return FALSE;
	*used = g_ascii_strtoull(value, &end, 10);
	if (end == value || *end != ' ')
		return FALSE;
	*limit = g_ascii_strtoull(end + 1, NULL, 10);
	if (!*limit || *limit > G_MAXUINT64 / 102400 || *used > G_MAXUINT64 / 102400)
		return FALSE;
	*used *= 1024;
	*limit *= 1024;
	return TRUE;
}

char *
ui_quota_text(const char *name, const char *value, gboolean *full)
{
	guint64 used, limit;
	g_autofree char *have = NULL, *of = NULL;

	if (!name || !value || !read_quota(name, value, &used, &limit))
		return NULL;
	have = text_size(used);
	of = text_size(limit);
	if (full)
		*full = used * 100 / limit >= QUOTA_FULL;
	return g_strdup_printf(_("%s of %s used (%d %%)"), have, of, (int)(used * 100 / limit));
}

void
ui_told_quota(struct ui *ui, guint n, const char *name, const char *value)
{
	struct ui_account *account = ui->accounts->pdata[n];
	guint64 used, limit;

	if (!name || !value || !read_quota(name, value, &used, &limit))
		return;
	/* Of several roots the narrowest counts. */
	if (!account->quota_limit || used * 100 / limit >= account->quota_used * 100 / account->quota_limit) {
		account->quota_used = used;
		account->quota_limit = limit;
	}
}

/* A server without quotas is none that anybody has to hear of. */
static void
told_all(struct ui *ui, const struct job *job, const GError *error)
{
	struct ui_account *account = ui->accounts->pdata[job->account];

	if (error && error->code == FULMAR_UNSUPPORTED)
		account->quota_limit = 0;
}

void
ui_ask_quota(struct ui *ui, guint n)
{
	struct ui_account *account = ui->accounts->pdata[n];
	const struct store_folder *inbox = ui_folder_of_role(ui, n, "inbox");
	gint64 now = g_get_monotonic_time();
	struct command *command;

	if (account->conf->type != ACCOUNT_IMAP || !inbox ||
	    (account->quota_asked && now - account->quota_asked < ASK_EVERY))
		return;
	account->quota_asked = now;
	account->quota_limit = 0;
	command = command_new(CMD_ADMIN, account->conf->id);
	command->folder = inbox->id;
	command->add = ADMIN_QUOTA;
	ui_send(ui, n, command, NULL, told_all);
}
