#include <string.h>
#include "base/error.h"
#include "base/idset.h"
#include "base/loop.h"
#include "core/account-private.h"
#include "store/arrivals.h"

/* Rules for what came. The backend notes each message that arrives in the transaction that brings its row;
 * here it is judged, and what the rules say is done in the transaction that takes the note away: once,
 * whatever happens in between, and whichever process does it. What has to be read first waits until it is
 * here as a whole. */

enum {
	AT_ONCE = 200,          /* judged in one transaction */
	FETCH_AT_ONCE = 50,     /* fetched in one flight, */
	FETCH_OCTETS = 4 << 20, /* and no more than these */
	HALT_SECONDS = 30,
	BATCH_SECONDS = 10 /* what comes without a longer pause is one step of undo */
};

struct rules {
	GPtrArray *all; /* const struct conf_rule * */
	gboolean due;   /* there may be something with an id above after; then turn or halt is set */
	msgid after;    /* what is noted up to here was looked at on this link */
	GSource *turn, *halt;
	GArray *lacking;     /* struct store_arrival: has to be read first */
	GHashTable *news;    /* ids of those, that were not told of yet */
	guint fetching;      /* flights under way */
	gboolean asked;      /* somebody waits for what has to be read */
	gint64 step, judged; /* of undo, 0: none; monotonic µs, when it was added to last */
	char *trouble;       /* that was told last, or NULL */
};

/* How many messages, of those that may be news, came to stand where. */
struct tally {
	gboolean all; /* else those of rules->news alone */
	guint looked_at;
	GHashTable *unseen; /* folder (gint64 *) → guint */
};

/* A message on its way through one transaction. */
struct ruling {
	struct store_arrival arrival;
	gboolean counts, unseen;         /* in a tally; when all is done */
	const struct sentence *sentence; /* or NULL: it stays as it is */
};

static gboolean
turn(gpointer user)
{
	struct account *a = user;

	loop_drop(&a->rules->turn);
	work_on(a);
	return G_SOURCE_REMOVE;
}

static void
wake(struct account *a)
{
	struct rules *rules = a->rules;

	rules->due = TRUE;
	if (!rules->turn && !rules->halt)
		loop_idle(&rules->turn, a->context, turn, a);
}

void
rules_open(struct account *a)
{
	struct rules *rules = a->rules = g_new0(struct rules, 1);

	rules->all = g_ptr_array_new();
	for (guint i = 0; i < a->conf->rules->len; i++)
		if (conf_rule_is_for(a->conf->rules->pdata[i], a->settings))
			g_ptr_array_add(rules->all, a->conf->rules->pdata[i]);
	rules->lacking = g_array_new(FALSE, FALSE, sizeof(struct store_arrival));
	rules->news = idset_new();
	/* Also without rules: what was noted for those of yesterday is let go. */
	wake(a);
}

void
rules_close(struct account *a)
{
	struct rules *rules = g_steal_pointer(&a->rules);

	loop_drop(&rules->turn);
	loop_drop(&rules->halt);
	g_ptr_array_unref(rules->all);
	g_array_unref(rules->lacking);
	g_hash_table_unref(rules->news);
	g_free(rules->trouble);
	g_free(rules);
}

const GPtrArray *
rules_of(const struct account *a)
{
	return a->rules->all;
}

void
rules_touch(struct account *a)
{
	if (a->rules && a->rules->all->len)
		wake(a);
}

void
rules_reset(struct account *a)
{
	g_array_set_size(a->rules->lacking, 0);
	a->rules->after = 0;
	loop_drop(&a->rules->halt);
	wake(a);
}

void
rules_lost(struct account *a)
{
	if (a->flags & ACCOUNT_BATCH)
		a->rules->asked = FALSE;
	rules_reset(a);
}

void
rules_asked(struct account *a)
{
	a->rules->asked = TRUE;
	rules_reset(a);
}

/* ---- one transaction ---- */

/* The same fault is told once. */
static void
complain(struct account *a, const GError *error)
{
	if (!g_strcmp0(a->rules->trouble, error->message))
		return;
	g_free(a->rules->trouble);
	a->rules->trouble = g_strdup(error->message);
	account_hooks.notice(error->message, a);
}

/* Somebody has moved it meanwhile, or taken back what it was to be part of. */
static gboolean
is_off(struct account *a, const struct store_arrival *arrival, const struct store_row *row)
{
	struct store_undo *step;

	if (!row || row->folder != arrival->folder)
		return TRUE;
	if (!arrival->step)
		return FALSE;
	step = store_undo_by_id(a->store, arrival->step, NULL);
	store_undo_free(step);
	return !step;
}

struct judging {
	struct account *account;
	const GHashTable *last; /* ids of what will not come any more, or NULL */
	struct tally *tally;    /* or NULL */
	struct verdict verdict;
	struct sentences *sentences;
	GArray *cases; /* struct ruling */
	gint64 folder; /* that path is of, 0: none */
	char *path;
};

static const char *
path_of(struct judging *j, gint64 folder)
{
	struct store_folder *f;

	if (j->folder == folder)
		return j->path;
	f = store_folder_by_id(j->account->store, folder, NULL);
	j->folder = folder;
	g_free(j->path);
	j->path = g_strdup(f ? f->path : "");
	store_folder_free(f);
	return j->path;
}

/* FALSE: it has to be read first. */
static gboolean
judge_row(struct judging *j, const struct store_row *row, struct ruling *it)
{
	struct account *a = j->account;
	const struct match_place place = {a->settings->id, path_of(j, row->folder),
	                                  g_get_real_time() / G_USEC_PER_SEC};
	gboolean last = j->last && g_hash_table_contains((GHashTable *)j->last, &row->id);

	verdict_find(&j->verdict, a->rules->all, a->store, row, &place, last);
	if (j->verdict.lacks)
		return FALSE;
	if (verdict_acts(&j->verdict))
		it->sentence = sentences_add(j->sentences, &j->verdict, row, it->arrival.step);
	it->unseen = !((row->flags | j->verdict.add) & ~j->verdict.remove & FLAG_SEEN);
	return TRUE;
}

static gboolean
judge_one(struct judging *j, const struct store_arrival *arrival, GError **error)
{
	struct account *a = j->account;
	struct ruling it = {.arrival = *arrival};
	GError *failed = NULL;
	struct store_row *row = store_row(a->store, arrival->id, &failed);
	gboolean off;

	if (failed) {
		g_propagate_error(error, failed);
		return FALSE;
	}
	off = is_off(a, arrival, row);
	it.counts = !off && !(row->flags & FLAG_SEEN) && j->tally &&
	            (j->tally->all || g_hash_table_contains(a->rules->news, &arrival->id));
	if (it.counts)
		j->tally->looked_at++;
	if (off || judge_row(j, row, &it)) {
		g_hash_table_remove(a->rules->news, &arrival->id);
		g_array_append_val(j->cases, it);
	} else {
		if (it.counts)
			idset_add(a->rules->news, arrival->id);
		g_array_append_val(a->rules->lacking, *arrival);
	}
	store_row_free(row);
	return TRUE;
}

/* What somebody else has judged meanwhile is his. */
static gboolean
take_notes(struct judging *j, GError **error)
{
	for (guint i = 0; i < j->cases->len; i++) {
		struct ruling *it = &g_array_index(j->cases, struct ruling, i);
		GArray *ids = it->sentence ? it->sentence->ids : NULL;
		gboolean was;

		if (!store_arrival_judged(j->account->store, it->arrival.id, &was, error))
			return FALSE;
		for (guint k = 0; !was && ids && k < ids->len; k++)
			if (g_array_index(ids, msgid, k) == it->arrival.id)
				g_array_remove_index(ids, k);
		it->counts &= was;
	}
	return TRUE;
}

/* The step of what came just before, if it can be added to: it is the last thing that was done here. */
static gint64
open_step(struct account *a)
{
	const struct rules *rules = a->rules;
	struct store_undo *newest;
	gint64 step = 0;

	if (!rules->step || g_get_monotonic_time() - rules->judged > BATCH_SECONDS * G_USEC_PER_SEC)
		return 0;
	newest = store_last_undo(a->store, NULL);
	if (newest && newest->id == rules->step)
		step = newest->id;
	store_undo_free(newest);
	return step;
}

static void
count(const struct judging *j)
{
	for (guint i = 0; i < j->cases->len; i++) {
		const struct ruling *it = &g_array_index(j->cases, struct ruling, i);
		gint64 to = it->sentence && it->sentence->to ? it->sentence->to : it->arrival.folder;
		guint had = GPOINTER_TO_UINT(g_hash_table_lookup(j->tally->unseen, &to));

		if (it->counts && it->unseen)
			g_hash_table_replace(j->tally->unseen, g_memdup2(&to, sizeof to),
			                     GUINT_TO_POINTER(had + 1));
	}
}

static gboolean
carry_out(struct judging *j, GError **error)
{
	struct account *a = j->account;
	g_autoptr(GError) partly = NULL;

	j->sentences->step = open_step(a);
	/* What cannot go where it should stays: it is judged all the same, or nothing ever would be. */
	if (!sentences_prepare(a, j->sentences, &partly))
		complain(a, partly);
	if (!store_begin(a->store, TRUE, error))
		return FALSE;
	if (!take_notes(j, error) || !sentences_write(a, j->sentences, error) ||
	    !store_commit(a->store, error)) {
		store_rollback(a->store);
		return FALSE;
	}
	a->rules->step = j->sentences->step;
	a->rules->judged = g_get_monotonic_time();
	if (j->tally)
		count(j);
	return !j->sentences->all->len || sentences_tell(a, j->sentences, j->folder, j->path, error);
}

static gboolean
judge(struct account *a, const GArray *arrivals, const GHashTable *last, struct tally *tally, GError **error)
{
	struct judging j = {.account = a,
	                    .last = last,
	                    .tally = tally,
	                    .sentences = sentences_new(),
	                    .cases = g_array_new(FALSE, FALSE, sizeof(struct ruling))};
	gboolean ok = TRUE;

	verdict_init(&j.verdict);
	for (guint i = 0; ok && i < arrivals->len; i++)
		ok = judge_one(&j, &g_array_index(arrivals, struct store_arrival, i), error);
	ok = ok && (!j.cases->len || carry_out(&j, error));
	verdict_clear(&j.verdict);
	sentences_free(j.sentences);
	g_array_unref(j.cases);
	g_free(j.path);
	return ok;
}

/* ---- when ---- */

static gboolean
halt_over(gpointer user)
{
	struct account *a = user;

	rules_reset(a);
	return G_SOURCE_REMOVE;
}

/* The store takes nothing, or a server nothing now: later. */
static void
halt(struct account *a, const GError *error)
{
	if (error)
		complain(a, error);
	loop_drop(&a->rules->turn);
	loop_after(&a->rules->halt, a->context, HALT_SECONDS * 1000, halt_over, a);
}

static void
judge_some(struct account *a, struct tally *tally)
{
	struct rules *rules = a->rules;
	g_autoptr(GArray) arrivals = g_array_new(FALSE, FALSE, sizeof(struct store_arrival));
	g_autoptr(GError) error = NULL;

	if (!rules->due || rules->halt)
		return;
	rules->due = FALSE;
	if (!store_arrivals(a->store, rules->after, AT_ONCE, arrivals, &error)) {
		halt(a, error);
		return;
	}
	if (!arrivals->len)
		return;
	rules->after = g_array_index(arrivals, struct store_arrival, arrivals->len - 1).id;
	if (!judge(a, arrivals, NULL, tally, &error))
		halt(a, error);
	else
		wake(a);
}

void
rules_on(struct account *a)
{
	judge_some(a, NULL);
}

static void
tally_begin(struct tally *tally, gboolean all)
{
	*tally = (struct tally){.all = all,
	                        .unseen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL)};
}

/* folder: where n more are that no rule was asked about; 0: none. */
static void
tally_tell(struct account *a, struct tally *tally, gint64 folder, guint n)
{
	GHashTableIter iter;
	gpointer key, value;

	if (n) {
		guint had = GPOINTER_TO_UINT(g_hash_table_lookup(tally->unseen, &folder));

		g_hash_table_replace(tally->unseen, g_memdup2(&folder, sizeof folder),
		                     GUINT_TO_POINTER(had + n));
	}
	g_hash_table_iter_init(&iter, tally->unseen);
	while (g_hash_table_iter_next(&iter, &key, &value))
		announce_arrival(a, *(const gint64 *)key, GPOINTER_TO_UINT(value));
	g_hash_table_unref(tally->unseen);
}

void
rules_arrived(struct account *a, gint64 folder, guint n)
{
	struct tally tally;

	tally_begin(&tally, TRUE);
	if (conf_rules_arrival(a->conf, a->settings)) {
		wake(a);
		while (a->rules->due && !a->rules->halt)
			judge_some(a, &tally);
	}
	tally_tell(a, &tally, folder, n - MIN(n, tally.looked_at));
}

/* ---- reading ---- */

gboolean
rules_lack(const struct account *a)
{
	return a->rules->lacking->len > 0;
}

gboolean
rules_want_link(const struct account *a)
{
	return rules_lack(a) && (!(a->flags & ACCOUNT_BATCH) || a->rules->asked);
}

gboolean
rules_idle(const struct account *a)
{
	gboolean coming = !a->offline && !a->blocked && !(a->link == LINK_DOWN && a->retry);

	if (a->rules->halt)
		return TRUE;
	if (a->rules->due || a->rules->fetching)
		return FALSE;
	return !rules_lack(a) || !(link_is_ready(a) || (rules_want_link(a) && coming));
}

struct flight {
	struct account *account;
	struct lane *lane;
	GArray *arrivals; /* struct store_arrival */
};

/* What is here tells all that it ever will, and what was refused will not come; what was lost with the link
 * will, on the next. */
static void
sort_out(const struct flight *flight, const GError *error, GArray *known, GHashTable *last)
{
	gboolean refused = lane_is_up(flight->lane) && !link_may_mend(error);

	for (guint i = 0; i < flight->arrivals->len; i++) {
		const struct store_arrival *arrival =
		        &g_array_index(flight->arrivals, struct store_arrival, i);

		if (!refused && !store_has_part(flight->account->store, arrival->id, ""))
			continue;
		idset_add(last, arrival->id);
		g_array_append_val(known, *arrival);
	}
}

static void
fetched(const GError *error, void *user)
{
	struct flight *flight = user;
	struct account *a = flight->account;
	g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(struct store_arrival));
	g_autoptr(GHashTable) last = idset_new();
	g_autoptr(GError) failed = NULL;
	struct tally tally;

	flight->lane->keeping--;
	a->rules->fetching--;
	sort_out(flight, error, known, last);
	tally_begin(&tally, FALSE);
	if (!judge(a, known, last, &tally, &failed))
		halt(a, failed);
	tally_tell(a, &tally, 0, 0);
	if (known->len < flight->arrivals->len && a->link == LINK_UP)
		halt(a, NULL);
	g_array_unref(flight->arrivals);
	g_free(flight);
	work_on(a);
}

void
rules_fetch(struct lane *lane)
{
	struct account *a = lane->account;
	GArray *lacking = a->rules->lacking;
	struct flight *flight = g_new0(struct flight, 1);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GPtrArray) sections = g_ptr_array_new();
	guint64 octets = 0;

	flight->account = a;
	flight->lane = lane;
	flight->arrivals = g_array_new(FALSE, FALSE, sizeof(struct store_arrival));
	while (lacking->len && ids->len < FETCH_AT_ONCE && octets < FETCH_OCTETS) {
		const struct store_arrival arrival =
		        g_array_index(lacking, struct store_arrival, lacking->len - 1);

		g_array_append_val(flight->arrivals, arrival);
		g_array_append_val(ids, arrival.id);
		g_ptr_array_add(sections, (gpointer) "");
		octets += store_size(a->store, arrival.id);
		g_array_set_size(lacking, lacking->len - 1);
	}
	lane->keeping++;
	lane->current = visits(a) ? lane->current : 0; /* its folder is selected for these */
	a->rules->fetching++;
	a->ops->parts(lane->backend, (const msgid *)(const void *)ids->data,
	              (const char *const *)sections->pdata, ids->len, fetched, flight);
}
