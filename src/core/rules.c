#include "base/error.h"
#include "base/i18n.h"
#include "base/loop.h"
#include "core/account-private.h"
#include "store/arrivals.h"

/* CMD_RULES: the rules over a whole folder, as one step of undo. Its rows are looked at in short slices, then
 * all that is to be done is one transaction, with notes of what has to be read first (arrivals.c goes on with
 * those). */

enum { ROWS = 50, SLICE_US = 10000, NEWEST = 3 };

struct fit {
	guint n;
	GArray *newest; /* msgid, up to NEWEST */
};

struct rules_run {
	struct request *request;
	struct store_folder *folder;
	gboolean preview;
	struct store_key at;
	gboolean begun;
	guint64 seen;
	struct verdict verdict;
	struct sentences *sentences;
	GArray *fits;   /* struct fit: of each rule, and of what has to be read first */
	GArray *unread; /* msgid: those */
	GSource *turn;
};

static void
fit_clear(gpointer data)
{
	g_array_unref(((struct fit *)data)->newest);
}

void
rules_run_free(struct rules_run *run)
{
	if (!run)
		return;
	loop_drop(&run->turn);
	store_folder_free(run->folder);
	verdict_clear(&run->verdict);
	sentences_free(run->sentences);
	g_array_unref(run->fits);
	g_array_unref(run->unread);
	g_free(run);
}

/* ---- looking ---- */

static void
count(struct rules_run *run, guint at, msgid id)
{
	struct fit *fit = &g_array_index(run->fits, struct fit, at);

	fit->n++;
	if (fit->newest->len < NEWEST)
		g_array_append_val(fit->newest, id);
}

static void
look_at(struct rules_run *run, const struct store_row *row)
{
	struct account *a = run->request->account;
	const struct match_place place = {a->settings->id, run->folder->path,
	                                  g_get_real_time() / G_USEC_PER_SEC};

	verdict_find(&run->verdict, rules_of(a), a->store, row, &place, FALSE);
	if (run->verdict.lacks) {
		g_array_append_val(run->unread, row->id);
		count(run, run->fits->len - 1, row->id);
		return;
	}
	for (guint i = 0; i < run->verdict.fits->len; i++)
		count(run, g_array_index(run->verdict.fits, guint, i), row->id);
	if (verdict_acts(&run->verdict))
		sentences_add(run->sentences, &run->verdict, row, 0);
}

/* 1: there is more, 0: that was all, -1 error. */
static int
look_on(struct rules_run *run, GError **error)
{
	struct account *a = run->request->account;
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

	if (!store_rows(a->store, run->folder->id, run->begun ? &run->at : NULL, TRUE, ROWS, rows, error))
		return -1;
	for (guint i = 0; i < rows->len; i++) {
		const struct store_row *row = rows->pdata[i];

		look_at(run, row);
		run->at = row->key;
		run->begun = TRUE;
	}
	run->seen += rows->len;
	return rows->len == ROWS;
}

static void
tell_progress(const struct rules_run *run)
{
	struct event *event = account_event(run->request->account, EVENT_PROGRESS);

	event->command = run->request->command->id;
	event->have = run->seen;
	event->total = (guint64)MAX(run->folder->shown, 0);
	account_post(run->request->account, event);
}

/* ---- the end ---- */

static void
tell_fits(const struct rules_run *run)
{
	struct account *a = run->request->account;
	const GPtrArray *rules = rules_of(a);

	for (guint i = 0; i < run->fits->len; i++) {
		const struct fit *fit = &g_array_index(run->fits, struct fit, i);
		const struct conf_rule *rule = i < rules->len ? rules->pdata[i] : NULL;
		struct event *event;

		if (!rule && !fit->n)
			continue;
		event = account_event(a, EVENT_RULE);
		event->command = run->request->command->id;
		event->text = rule ? g_strdup(rule->name) : NULL;
		event->text2 = rule ? conf_rule_does(rule) : NULL;
		event->have = fit->n;
		event->ids = g_array_ref(fit->newest);
		account_post(a, event);
	}
}

static gboolean
note_unread(const struct rules_run *run, GError **error)
{
	struct store *store = run->request->account->store;

	for (guint i = 0; i < run->unread->len; i++) {
		const struct store_arrival arrival = {g_array_index(run->unread, msgid, i), run->folder->id,
		                                      run->sentences->step};

		if (!store_arrival_note(store, &arrival, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
write_all(struct rules_run *run, GError **error)
{
	struct account *a = run->request->account;

	if (!store_begin(a->store, TRUE, error))
		return FALSE;
	if (sentences_write(a, run->sentences, run->folder->path, error) && note_unread(run, error))
		return store_commit(a->store, error);
	store_rollback(a->store);
	return FALSE;
}

/* What the server is known to forbid is not even begun. */
static gboolean
may_leave(struct rules_run *run, GError **error)
{
	struct account *a = run->request->account;
	struct site site = {.settings = a->settings, .store = a->store, .ops = a->ops, .backend = a->backend};

	for (guint i = 0; i < run->sentences->all->len; i++)
		if (((const struct sentence *)run->sentences->all->pdata[i])->folder)
			return site_may(&site, run->folder->id, "te", error);
	return TRUE;
}

static void
tell_step(const struct rules_run *run)
{
	struct account *a = run->request->account;
	struct event *event = account_event(a, EVENT_STEP);
	guint n = sentences_count(run->sentences), unread = run->unread->len;
	g_autofree char *said =
	        n ? change_said("rules", n, run->folder->path) : g_strdup(_("nothing to change"));

	event->command = run->request->command->id;
	event->id = run->sentences->step;
	event->text = unread ? g_strdup_printf(ngettext("%s; %u has to be read first",
	                                                "%s; %u have to be read first", unread),
	                                       said, unread)
	                     : g_steal_pointer(&said);
	account_post(a, event);
}

static gboolean
carry_out(struct rules_run *run, GError **error)
{
	struct account *a = run->request->account;
	gboolean ok =
	        may_leave(run, error) && sentences_prepare(a, run->sentences, error) && write_all(run, error);

	/* Also of what came before a fault, such as a folder that was made. */
	if (!ok)
		sentences_name(a, run->sentences, run->folder->path, NULL);
	sentences_tell(a, run->sentences, run->folder->id);
	if (ok || run->sentences->step)
		tell_step(run);
	if (ok && run->unread->len)
		rules_asked(a);
	return ok;
}

static gboolean
turn(gpointer user)
{
	struct rules_run *run = user;
	struct request *r = run->request;
	struct account *a = r->account;
	gint64 end = g_get_monotonic_time() + SLICE_US;
	g_autoptr(GError) error = NULL;
	int more;

	do {
		more = look_on(run, &error);
	} while (more > 0 && g_get_monotonic_time() < end);
	if (more > 0) {
		tell_progress(run);
		return G_SOURCE_CONTINUE;
	}
	loop_drop(&run->turn);
	if (!more && run->preview)
		tell_fits(run);
	else if (!more)
		carry_out(run, &error);
	request_end(r, error);
	work_on(a);
	return G_SOURCE_REMOVE;
}

static struct store_folder *
folder_of(struct request *r, GError **error)
{
	struct account *a = r->account;
	gint64 id;

	if (!rules_of(a)->len) {
		fulmar_fail(
		        error, FULMAR_USAGE,
		        _("no rule of the configuration is for %s; a [rule] with \"account = %s\" would be"),
		        a->settings->id, a->settings->id);
		return NULL;
	}
	id = work_folder(a, r->command, error);
	return id ? store_folder_by_id(a->store, id, error) : NULL;
}

void
rules_begin(struct request *r)
{
	struct account *a = r->account;
	g_autoptr(GError) error = NULL;
	struct store_folder *folder = folder_of(r, &error);
	struct rules_run *run;

	if (!folder) {
		request_end(r, error);
		return;
	}
	run = r->run = g_new0(struct rules_run, 1);
	run->request = r;
	run->folder = folder;
	run->preview = r->command->add == 1;
	run->sentences = sentences_new();
	run->unread = g_array_new(FALSE, FALSE, sizeof(msgid));
	run->fits = g_array_new(FALSE, TRUE, sizeof(struct fit));
	g_array_set_clear_func(run->fits, fit_clear);
	for (guint i = 0; i <= rules_of(a)->len; i++) {
		const struct fit none = {0, g_array_new(FALSE, FALSE, sizeof(msgid))};

		g_array_append_val(run->fits, none);
	}
	verdict_init(&run->verdict);
	loop_idle(&run->turn, a->context, turn, run);
}
