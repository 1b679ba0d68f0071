#include "base/idset.h"
#include "base/loop.h"
#include "core/rulings.h"

/* Rules for what came: when it is judged, and what has to be read first, and so waits until it is here as a
 * whole. The backend notes each message that arrives in the transaction that brings its row. */

enum {
	AT_ONCE = 1000,         /* judged in one transaction */
	FETCH_AT_ONCE = 50,     /* fetched in one flight, */
	FETCH_OCTETS = 4 << 20, /* and no more than these */
	HALT_SECONDS = 30
};

struct rules {
	GPtrArray *all; /* const struct conf_rule * */
	gboolean due;   /* there may be something with an id above after; then turn or halt is set */
	msgid after;    /* what is noted up to here was looked at on this link */
	GSource *turn, *halt;
	struct rulings rulings;
	guint fetching; /* flights under way */
	gboolean asked; /* somebody waits for what has to be read */
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
	rulings_init(&rules->rulings);
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
	rulings_clear(&rules->rulings);
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
	g_array_set_size(a->rules->rulings.lacking, 0);
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
		rulings_complain(a, &a->rules->rulings, error);
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
	if (!rulings_make(a, &rules->rulings, arrivals, NULL, tally, &error))
		halt(a, error);
	else
		wake(a);
}

void
rules_on(struct account *a)
{
	judge_some(a, NULL);
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
	return a->rules->rulings.lacking->len > 0;
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
	if (!rulings_make(a, &a->rules->rulings, known, last, &tally, &failed))
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
	GArray *lacking = a->rules->rulings.lacking;
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
