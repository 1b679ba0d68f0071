#include "core/rulings.h"

#include "base/idset.h"

/* What comes without a longer pause is one step of undo. */
#define BATCH_SECONDS 10

/* A message on its way through one transaction. */
struct ruling {
	struct store_arrival arrival;
	gboolean counts, unseen;         /* in a tally; when all is done */
	const struct sentence *sentence; /* or NULL: it stays as it is */
};

void
rulings_init(struct rulings *rulings)
{
	*rulings = (struct rulings){.lacking = g_array_new(FALSE, FALSE, sizeof(struct store_arrival)),
	                            .news = idset_new()};
}

void
rulings_clear(struct rulings *rulings)
{
	g_array_unref(rulings->lacking);
	g_hash_table_unref(rulings->news);
	g_free(rulings->trouble);
}

void
rulings_complain(struct account *a, struct rulings *rulings, const GError *error)
{
	if (!g_strcmp0(rulings->trouble, error->message))
		return;
	g_free(rulings->trouble);
	rulings->trouble = g_strdup(error->message);
	account_hooks.notice(error->message, a);
}

/* ---- news ---- */

void
tally_begin(struct tally *tally, gboolean all)
{
	*tally = (struct tally){.all = all,
	                        .unseen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL)};
}

void
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

/* ---- one transaction ---- */

static gboolean
is_fine(GError *failed, GError **error)
{
	if (failed)
		g_propagate_error(error, failed);
	return !failed;
}

/* *off: somebody has moved it meanwhile, or taken back what it was to be part of. */
static gboolean
find_off(struct account *a, const struct store_arrival *arrival, const struct store_row *row, gboolean *off,
         GError **error)
{
	GError *failed = NULL;
	struct store_undo *step;

	*off = !row || row->folder != arrival->folder;
	if (*off || !arrival->step)
		return TRUE;
	step = store_undo_by_id(a->store, arrival->step, &failed);
	*off = !step;
	store_undo_free(step);
	return is_fine(failed, error);
}

struct judging {
	struct account *account;
	struct rulings *rulings;
	const GHashTable *last; /* ids of what will not come any more, or NULL */
	struct tally *tally;    /* or NULL */
	struct verdict verdict;
	struct sentences *sentences;
	GArray *cases; /* struct ruling */
	gint64 folder; /* that path is of, 0: none */
	char *path;
};

static gboolean
find_path(struct judging *j, gint64 folder, GError **error)
{
	GError *failed = NULL;
	struct store_folder *f;

	if (j->folder == folder)
		return TRUE;
	f = store_folder_by_id(j->account->store, folder, &failed);
	if (!is_fine(failed, error))
		return FALSE;
	j->folder = folder;
	g_free(j->path);
	j->path = g_strdup(f ? f->path : "");
	store_folder_free(f);
	return TRUE;
}

/* FALSE: it has to be read first. */
static gboolean
judge_row(struct judging *j, const struct store_row *row, struct ruling *it)
{
	struct account *a = j->account;
	const struct match_place place = {a->settings->id, j->path, g_get_real_time() / G_USEC_PER_SEC};
	gboolean last = j->last && g_hash_table_contains((GHashTable *)j->last, &row->id);

	verdict_find(&j->verdict, rules_of(a), a->store, row, &place, last);
	if (j->verdict.lacks)
		return FALSE;
	if (verdict_acts(&j->verdict))
		it->sentence = sentences_add(j->sentences, &j->verdict, row, it->arrival.step);
	it->unseen = !((row->flags | j->verdict.add) & ~j->verdict.remove & FLAG_SEEN);
	return TRUE;
}

static gboolean
judge_found(struct judging *j, const struct store_arrival *arrival, const struct store_row *row,
            GError **error)
{
	struct ruling it = {.arrival = *arrival};
	gboolean off;

	if (!find_off(j->account, arrival, row, &off, error) || (!off && !find_path(j, row->folder, error)))
		return FALSE;
	it.counts = !off && !(row->flags & FLAG_SEEN) && j->tally &&
	            (j->tally->all || g_hash_table_contains(j->rulings->news, &arrival->id));
	if (it.counts)
		j->tally->looked_at++;
	if (off || judge_row(j, row, &it)) {
		g_hash_table_remove(j->rulings->news, &arrival->id);
		g_array_append_val(j->cases, it);
	} else {
		if (it.counts)
			idset_add(j->rulings->news, arrival->id);
		g_array_append_val(j->rulings->lacking, *arrival);
	}
	return TRUE;
}

static gboolean
judge_one(struct judging *j, const struct store_arrival *arrival, GError **error)
{
	GError *failed = NULL;
	struct store_row *row = store_row(j->account->store, arrival->id, &failed);
	gboolean ok = is_fine(failed, error) && judge_found(j, arrival, row, error);

	store_row_free(row);
	return ok;
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
open_step(struct account *a, const struct rulings *rulings)
{
	struct store_undo *newest;
	gint64 step = 0;

	if (!rulings->step || g_get_monotonic_time() - rulings->judged > BATCH_SECONDS * G_USEC_PER_SEC)
		return 0;
	newest = store_last_undo(a->store, NULL);
	if (newest && newest->id == rulings->step)
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

	j->sentences->step = open_step(a, j->rulings);
	/* What cannot go where it should stays: it is judged all the same, or nothing ever would be. */
	if (!sentences_prepare(a, j->sentences, &partly))
		rulings_complain(a, j->rulings, partly);
	/* What is judged again after a crash and stays as it is does no harm. */
	if (!store_begin(a->store, j->sentences->all->len > 0, error))
		return FALSE;
	if (!take_notes(j, error) || !sentences_write(a, j->sentences, j->path, error) ||
	    !store_commit(a->store, error)) {
		store_rollback(a->store);
		return FALSE;
	}
	j->rulings->step = j->sentences->step;
	j->rulings->judged = g_get_monotonic_time();
	if (j->tally)
		count(j);
	if (j->sentences->all->len)
		sentences_tell(a, j->sentences, j->folder);
	return TRUE;
}

gboolean
rulings_make(struct account *a, struct rulings *rulings, const GArray *arrivals, const GHashTable *last,
             struct tally *tally, GError **error)
{
	struct judging j = {.account = a,
	                    .rulings = rulings,
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
