#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/log.h"

/* Which messages have gone, found in few round trips where the answer to "which are there" would be long. The
 * rows here are cut into pieces; the server says of each piece how many it has (SEARCH RETURN (COUNT)), or
 * which UIDs have certain numbers (FETCH), up to 256 questions a flight. Pieces that are as they should be
 * are done with, the others are cut again, until what is left is so little that it is asked for as it is.
 *
 * Nothing is removed before the end, and nothing at all when the answers contradict each other: then all UIDs
 * are compared (verify.c).
 */

enum {
	QUESTIONS = 256,
	SCATTERED = 200,
	SHORT_ANSWER = 128 * 1024,
	PER_RANGE = 14,
	PER_UID = 8,
	FEW_NUMBERS = 4096,
	PAIRS_MAX = 10000
};

/* UIDs lo to hi, of which known are here and told are there. By number: those are the ones between the
 * message numbers below and above. */
struct piece {
	guint64 lo, hi, known, told;
	guint64 below, above;
};

struct pair {
	guint64 seq, uid;
};

struct imap_survey {
	struct task *task;
	gint64 folder;
	struct uidset known; /* rows here, in the windows */
	guint64 *before;     /* how many are in known before range i */
	GArray *pieces;      /* struct piece: asked about */
	GArray *pairs;       /* struct pair: answers by number */
	struct uidset there; /* UIDs told one by one */
	struct uidset gone, missing;
	guint64 floor; /* by number: the lowest UID of the windows */
	guint under_way, flights;
	gboolean by_number, listing; /* listing: the last flight asks which, not how many */
	gboolean broken;
	GError *error;
};

/* ---- the rows here, by their order ---- */

static void
number_ranges(struct imap_survey *s)
{
	guint64 n = 0;

	s->before = g_new(guint64, s->known.len + 1);
	for (guint i = 0; i < s->known.len; i++) {
		s->before[i] = n;
		n += s->known.ranges[i].hi - s->known.ranges[i].lo + 1;
	}
	s->before[s->known.len] = n;
}

/* How many of them are below uid. */
static guint64
rank(const struct imap_survey *s, guint64 uid)
{
	guint i = uidset_at(&s->known, uid);

	if (i == s->known.len || uid <= s->known.ranges[i].lo)
		return s->before[i];
	return s->before[i] + uid - s->known.ranges[i].lo;
}

/* The n-th, from 0; n is less than there are. */
static guint64
nth(const struct imap_survey *s, guint64 n)
{
	guint lo = 0, hi = s->known.len - 1;

	while (lo < hi) {
		guint mid = lo + (hi - lo + 1) / 2;

		if (s->before[mid] <= n)
			lo = mid;
		else
			hi = mid - 1;
	}
	return s->known.ranges[lo].lo + n - s->before[lo];
}

static guint64
count_in(const struct uidset *set, guint64 lo, guint64 hi)
{
	guint64 n = 0;

	for (guint i = uidset_at(set, lo); i < set->len && set->ranges[i].lo <= hi; i++)
		n += MIN(set->ranges[i].hi, hi) - MAX(set->ranges[i].lo, lo) + 1;
	return n;
}

static guint64
count_between(const struct imap_survey *s, guint64 lo, guint64 hi)
{
	return lo > hi ? 0 : rank(s, hi + 1) - rank(s, lo);
}

static void
add_known(const struct imap_survey *s, struct uidset *out, guint64 lo, guint64 hi)
{
	for (guint i = uidset_at(&s->known, lo); i < s->known.len && s->known.ranges[i].lo <= hi; i++)
		uidset_add(out, MAX(s->known.ranges[i].lo, lo), MIN(s->known.ranges[i].hi, hi));
}

/* ---- the end ---- */

static void
survey_free(struct imap_survey *s)
{
	uidset_clear(&s->known);
	uidset_clear(&s->there);
	uidset_clear(&s->gone);
	uidset_clear(&s->missing);
	g_array_unref(s->pieces);
	g_array_unref(s->pairs);
	g_clear_error(&s->error);
	g_free(s->before);
	g_free(s);
}

static void
apply(struct backend *b, struct imap_survey *s, GError **error)
{
	struct uidset left;

	if (!uidset_empty(&s->gone) && imap_tx(b) &&
	    store_remove_uids(b->env->store, s->folder, &s->gone, error) < 0) {
		imap_drop(b, *error);
		return;
	}
	b->touched = s->folder;
	imap_fetch_set(b, &s->missing, b->row_items, 0, s->task);
	uidset_init(&left);
	uidset_subtract(&left, &s->known, &s->gone);
	for (guint i = 0; i < s->missing.len; i++)
		uidset_add(&left, s->missing.ranges[i].lo, s->missing.ranges[i].hi);
	if (b->conn) {
		guint64 lo, hi;

		if (!imap_box_hole(&b->box.windows, b->box.uidnext, &lo, &hi))
			b->box.doubt = b->box.doubt || uidset_count(&left) != b->box.exists;
		imap_recount(b, &left);
	}
	uidset_clear(&left);
}

static void
survey_end(struct backend *b, struct imap_survey *s)
{
	g_autoptr(GError) error = g_steal_pointer(&s->error);
	gboolean here = imap_box_valid(&b->box) && b->box.folder == s->folder;

	b->survey = NULL;
	if (here && b->box.comparing)
		b->box.comparing--;
	if (!error && here && s->broken)
		imap_verify(b, s->task);
	else if (!error && here)
		apply(b, s, &error);
	log_note(LOG_SYNC, "%s: %" G_GUINT64_FORMAT " gone and %" G_GUINT64_FORMAT " missing, %u flights%s",
	         b->env->account->id, uidset_count(&s->gone), uidset_count(&s->missing), s->flights,
	         s->broken ? ", in doubt" : "");
	task_release(s->task, error);
	survey_free(s);
}

static void next_flight(struct backend *b, struct imap_survey *s);

static void
answered(struct backend *b, struct imap_survey *s, const struct imap_cmd *cmd, const GError *error)
{
	if (error && !s->error)
		s->error = g_error_copy(error);
	if (cmd->cut || b->box.shifted || b->box.folder != s->folder)
		s->broken = TRUE;
	if (!--s->under_way)
		next_flight(b, s);
}

/* ---- by counting ---- */

static void
counted(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct imap_survey *s = cmd->user;

	if (!s->listing && !error) {
		struct piece *p = &g_array_index(s->pieces, struct piece, cmd->wanted);

		p->told = cmd->count;
		s->broken = s->broken || !cmd->counted;
	}
	answered(b, s, cmd, error);
}

static void
ask_piece(struct backend *b, struct imap_survey *s, guint index)
{
	const struct piece *p = &g_array_index(s->pieces, struct piece, index);
	struct imap_cmd *cmd = imap_cmd_in(b, s->folder, "UID SEARCH", counted, s);
	char range[64];

	g_snprintf(range, sizeof range, "UID %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, p->lo, p->hi);
	cmd->found = &s->there;
	cmd->wanted = index;
	imap_command_atom(cmd->wire, s->listing ? "RETURN (ALL)" : "RETURN (COUNT)");
	imap_command_atom(cmd->wire, range);
	imap_queue(b, cmd);
}

static void
ask_pieces(struct backend *b, struct imap_survey *s)
{
	s->flights++;
	s->under_way = s->pieces->len + 1;
	for (guint i = 0, n = s->pieces->len; i < n; i++)
		ask_piece(b, s, i);
	if (!--s->under_way)
		next_flight(b, s);
}

/* Into n pieces with as many rows each; the last reaches up to the end. */
static void
cut_piece(struct imap_survey *s, const struct piece *p, guint64 n, GArray *out)
{
	guint64 first = rank(s, p->lo), lo = p->lo;

	n = CLAMP(n, 1, MAX(p->known, 1));
	for (guint64 i = 1; i <= n; i++) {
		guint64 to = first + p->known * i / n;
		struct piece piece = {.lo = lo, .hi = i < n ? nth(s, to - 1) : p->hi};

		piece.known = count_between(s, piece.lo, piece.hi);
		g_array_append_val(out, piece);
		lo = piece.hi + 1;
	}
}

/* The pieces that are not as they should be; what is all gone needs no further question. */
static guint64
keep_different(struct imap_survey *s)
{
	g_autoptr(GArray) all = s->pieces;
	guint64 answer = 0;

	s->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
	for (guint i = 0; i < all->len; i++) {
		const struct piece *p = &g_array_index(all, struct piece, i);
		guint ranges;

		if (p->told == p->known)
			continue;
		if (!p->told) {
			add_known(s, &s->gone, p->lo, p->hi);
			continue;
		}
		ranges = uidset_at(&s->known, p->hi + 1) - uidset_at(&s->known, p->lo) + 1;
		answer += MIN((guint64)PER_RANGE * (ranges + (p->known > p->told ? p->known - p->told : 0)),
		              PER_UID * p->told);
		g_array_append_vals(s->pieces, p, 1);
	}
	return answer;
}

/* Each piece has as many as it was said to have, or the server contradicts itself. */
static void
take_list(struct imap_survey *s)
{
	struct uidset asked, known;

	uidset_init(&asked);
	uidset_init(&known);
	for (guint i = 0; i < s->pieces->len; i++) {
		const struct piece *p = &g_array_index(s->pieces, struct piece, i);

		uidset_add(&asked, p->lo, p->hi);
		add_known(s, &known, p->lo, p->hi);
	}
	uidset_subtract(&s->gone, &known, &s->there);
	uidset_clear(&known);
	uidset_inside(&known, &s->there, &asked);
	uidset_subtract(&s->missing, &known, &s->known);
	for (guint i = 0; i < s->pieces->len && !s->broken; i++) {
		const struct piece *p = &g_array_index(s->pieces, struct piece, i);

		s->broken = count_in(&s->there, p->lo, p->hi) != p->told;
	}
	uidset_clear(&asked);
	uidset_clear(&known);
}

static void
next_count(struct backend *b, struct imap_survey *s)
{
	guint64 answer;
	g_autoptr(GArray) all = NULL;

	if (s->listing) {
		take_list(s);
		survey_end(b, s);
		return;
	}
	answer = keep_different(s);
	if (!s->pieces->len || s->pieces->len > SCATTERED) {
		s->broken = s->pieces->len || uidset_count(&s->gone) == s->before[s->known.len];
		survey_end(b, s);
		return;
	}
	s->listing = answer <= SHORT_ANSWER;
	all = s->listing ? NULL : s->pieces;
	if (all) {
		s->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
		for (guint i = 0; i < all->len; i++)
			cut_piece(s, &g_array_index(all, struct piece, i), MAX(QUESTIONS / all->len, 2),
			          s->pieces);
	}
	ask_pieces(b, s);
}

static void
begin_counting(struct backend *b, struct imap_survey *s)
{
	const struct uidset *windows = &b->box.windows;
	guint64 total = s->before[s->known.len], limit = imap_message_limit(b);
	guint64 n = MAX(QUESTIONS, limit ? total / limit * 2 : 0);

	for (guint i = 0; i < windows->len; i++) {
		struct piece p = {.lo = windows->ranges[i].lo, .hi = windows->ranges[i].hi};

		p.known = count_between(s, p.lo, p.hi);
		cut_piece(s, &p, n * p.known / MAX(total, 1), s->pieces);
	}
	ask_pieces(b, s);
}

/* ---- by number ---- */

void
imap_survey_take(struct backend *b, guint64 seq, guint64 uid)
{
	if (b->survey->by_number && b->survey->pairs->len < PAIRS_MAX)
		g_array_append_vals(b->survey->pairs, &(struct pair){seq, uid}, 1);
}

static void
numbers_told(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
             const GError *error)
{
	answered(b, cmd->user, cmd, error);
}

static void
ask_numbers(struct backend *b, struct imap_survey *s)
{
	struct uidset numbers;
	guint64 between = 0;
	guint at = 0;
	char *slice;

	uidset_init(&numbers);
	for (guint i = 0; i < s->pieces->len; i++)
		between += g_array_index(s->pieces, struct piece, i).told;
	for (guint i = 0; i < s->pieces->len; i++) {
		const struct piece *p = &g_array_index(s->pieces, struct piece, i);
		guint64 n = between <= FEW_NUMBERS ? p->told : CLAMP(QUESTIONS / s->pieces->len, 1, p->told);

		for (guint64 k = 1; k <= n; k++) {
			guint64 number = p->below + (p->told + 1) * k / (n + 1);

			uidset_add(&numbers, number, number);
		}
	}
	g_array_set_size(s->pairs, 0);
	s->flights++;
	s->under_way = 1;
	while ((slice = uidset_format_slice(&numbers, &at, 900))) {
		struct imap_cmd *cmd = imap_fetch_rows(b, "FETCH", slice, "(UID)", 0, numbers_told, s);

		cmd->folder = s->folder;
		s->under_way++;
		imap_queue(b, cmd);
		g_free(slice);
	}
	uidset_clear(&numbers);
	if (!--s->under_way)
		next_flight(b, s);
}

static int
by_seq(gconstpointer a, gconstpointer b)
{
	const struct pair *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* One piece without questions left in it. */
static void
add_between(struct imap_survey *s, struct piece p, GArray *out)
{
	p.known = count_between(s, p.lo, p.hi);
	p.told = p.above - p.below - 1;
	if (!p.told)
		add_known(s, &s->gone, p.lo, p.hi);
	else if (p.told != p.known && (p.known || p.lo > s->floor || p.lo == 1))
		g_array_append_val(out, p);
}

/* Cuts p where the answers from *at on are; *at passes over them. */
static void
cut_by_answers(struct imap_survey *s, struct piece p, guint *at, GArray *out)
{
	guint answers = 0;

	for (; *at < s->pairs->len; ++*at) {
		const struct pair *pair = &g_array_index(s->pairs, struct pair, *at);
		struct piece lower = p;

		if (pair->seq <= p.below)
			continue;
		if (pair->seq >= p.above)
			break;
		answers++;
		if (pair->uid > p.hi) {
			s->broken = TRUE;
			return;
		}
		lower.hi = pair->uid - 1;
		lower.above = pair->seq;
		p.below = pair->seq;
		if (pair->uid < p.lo) { /* below the windows nothing is known */
			s->broken = s->broken || p.lo > s->floor;
			continue;
		}
		add_between(s, lower, out);
		p.lo = pair->uid + 1;
		if (!count_between(s, pair->uid, pair->uid))
			uidset_add(&s->missing, pair->uid, pair->uid);
	}
	s->broken = s->broken || !answers;
	add_between(s, p, out);
}

static void
next_numbers(struct backend *b, struct imap_survey *s)
{
	g_autoptr(GArray) all = s->pieces;
	guint at = 0;

	s->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
	g_array_sort(s->pairs, by_seq);
	for (guint i = 0; i < all->len && !s->broken; i++)
		cut_by_answers(s, g_array_index(all, struct piece, i), &at, s->pieces);
	if (s->broken || !s->pieces->len || s->pieces->len > SCATTERED) {
		s->broken = s->broken || s->pieces->len;
		survey_end(b, s);
	} else {
		ask_numbers(b, s);
	}
}

/* The windows end below UIDNEXT, so the newest row has the highest number. Below the windows there are at
 * most as many messages as exist without those of the windows. */
static void
begin_numbers(struct backend *b, struct imap_survey *s)
{
	const struct uidrange *window = &b->box.windows.ranges[0];
	guint64 total = s->before[s->known.len], exists = b->box.exists;
	struct piece p = {.lo = window->lo, .hi = G_MAXUINT32, .above = exists + 1};

	p.below = window->lo > 1 && exists > total ? exists - total : 0;
	p.known = total;
	p.told = p.above - p.below - 1;
	s->by_number = TRUE;
	s->floor = window->lo;
	g_array_append_val(s->pieces, p);
	ask_numbers(b, s);
}

/* ---- both ---- */

static void
next_flight(struct backend *b, struct imap_survey *s)
{
	if (s->error || s->broken)
		survey_end(b, s);
	else if (s->by_number)
		next_numbers(b, s);
	else
		next_count(b, s);
}

static gboolean
is_short(const struct backend *b, const struct imap_survey *s, guint64 lost)
{
	guint64 rows = s->before[s->known.len];

	if (imap_has(b, "ESEARCH"))
		return MIN((guint64)PER_RANGE * (s->known.len + lost), rows * PER_UID) <= SHORT_ANSWER;
	return rows * PER_UID <= SHORT_ANSWER;
}

/* By number only the newest window can be told, and only where there are numbers. */
static gboolean
can_survey(const struct backend *b)
{
	const struct uidset *windows = &b->box.windows;

	if (!windows->len || b->survey || b->box.doubt)
		return FALSE;
	if (imap_has(b, "ESEARCH"))
		return windows->len <= SCATTERED;
	return windows->len == 1 && windows->ranges[0].hi + 1 >= b->box.uidnext && !b->uidonly &&
	       b->box.exists;
}

void
imap_survey(struct backend *b, struct task *task, guint64 lost)
{
	struct imap_survey *s = g_new0(struct imap_survey, 1);
	struct uidset all;

	s->task = task;
	s->folder = b->box.folder;
	s->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
	s->pairs = g_array_new(FALSE, FALSE, sizeof(struct pair));
	uidset_init(&s->known);
	uidset_init(&s->there);
	uidset_init(&s->gone);
	uidset_init(&s->missing);
	uidset_init(&all);
	imap_slice_end(b);
	if (b->conn && store_uids(b->env->store, s->folder, 0, 0, &all, &s->error))
		uidset_inside(&s->known, &all, &b->box.windows);
	uidset_clear(&all);
	number_ranges(s);
	task_hold(task);
	if (!b->conn || s->error || !can_survey(b) || is_short(b, s, lost)) {
		if (b->conn && !s->error)
			imap_verify(b, task);
		task_release(task, s->error);
		survey_free(s);
		return;
	}
	b->survey = s;
	b->box.shifted = FALSE;
	b->box.comparing++;
	if (imap_has(b, "ESEARCH"))
		begin_counting(b, s);
	else
		begin_numbers(b, s);
}
