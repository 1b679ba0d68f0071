#include <string.h>
#include "base/error.h"
#include "core/account-private.h"

/* CMD_SYNC: which folders a command waits for, and what it says of them in the end. */

void
sync_start(struct account *a, struct request *r)
{
	g_autoptr(GError) error = NULL;
	struct command *c = r->command;
	gint64 folder;

	a->listed = c->folder || c->text ? a->listed : FALSE;
	if (!c->folder && !c->text)
		return; /* work_on lists folders first, then takes them one by one */
	if (!c->folder && strcmp(c->text, "INBOX") && !a->listed)
		return;
	folder = work_folder(a, c, &error);
	if (!folder) {
		request_end(r, error);
		return;
	}
	c->folder = folder;
	work_forget(a, folder);
}

static gboolean
sync_covers(const struct command *c, const struct store_folder *f)
{
	return f->selectable && (c->folder ? c->folder == f->id : TRUE);
}

/* The next folder a sync command still waits for: 0 when it is through, -1 when what it waits for is in hand.
 * *failed gives the first error, *fine how many went well. */
static gint64
sync_next(struct account *a, const struct command *c, const GError **failed, guint *fine)
{
	g_autoptr(GPtrArray) folders = store_folders(a->store, NULL);
	gint64 waits = 0;

	*failed = NULL;
	*fine = 0;
	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];
		struct progress *p;

		if (!sync_covers(c, f) || (!c->folder && listing_hides(a, f)))
			continue;
		p = work_progress(a, f->id);
		if (work_is_fronts(a, p)) {
			waits = -1;
			continue;
		}
		if (!p->done)
			return f->id;
		if (!*failed)
			*failed = p->error ? p->error : p->unkept;
		if (!p->error)
			(*fine)++;
	}
	return waits;
}

static void
sync_end(struct request *r, const GError *failed, guint fine)
{
	g_autoptr(GError) error = NULL;

	if (failed && fine)
		fulmar_fail(&error, FULMAR_PARTLY, "%s", failed->message);
	else if (failed)
		error = g_error_copy(failed);
	request_end(r, error);
}

void
sync_left(struct account *a)
{
	for (GList *l = a->requests.head, *next; l; l = next) {
		struct request *r = l->data;
		const GError *failed;
		guint fine;

		next = l->next;
		if (r->command->verb == CMD_SYNC && r->running && !sync_next(a, r->command, &failed, &fine))
			sync_end(r,
			         failed          ? failed
			         : a->list_error ? a->list_error
			                         : a->journal_trouble,
			         fine);
	}
}

gint64
sync_folder(struct account *a)
{
	for (GList *l = a->requests.head, *next; l; l = next) {
		struct request *r = l->data;
		const GError *failed;
		guint fine;
		gint64 folder;

		next = l->next;
		if (r->command->verb != CMD_SYNC || !r->running)
			continue;
		if (!r->command->folder && !a->listed)
			continue;
		if (!r->command->folder && r->command->text) { /* its list was awaited */
			sync_start(a, r);
			return sync_folder(a);
		}
		folder = sync_next(a, r->command, &failed, &fine);
		if (folder > 0)
			return folder;
		if (folder)
			continue;
		if (!failed && !r->command->folder)
			failed = a->list_error;
		if ((!a->journal_trouble && !journal_idle(a)) || !rules_idle(a))
			continue;
		if (visits(a) &&
		    !r->parent) /* what is to go from the server goes with the end of the visit */
			a->leave_soon = TRUE;
		else
			sync_end(r, failed ? failed : a->journal_trouble, fine);
	}
	return 0;
}

gboolean
sync_wants_list(const struct account *a)
{
	for (GList *l = a->requests.head; l; l = l->next) {
		const struct request *r = l->data;

		if (r->command->verb == CMD_SYNC && r->running && !r->command->folder)
			return TRUE;
	}
	return FALSE;
}
