#include <string.h>
#include "base/i18n.h"
#include "base/keyword.h"
#include "core/account-private.h"

/* Each rule is asked about the message as it is, in their order; what one does is not seen by the next. Then
 * all messages that get the same are changed together. */

void
verdict_init(struct verdict *verdict)
{
	*verdict = (struct verdict){.fits = g_array_new(FALSE, FALSE, sizeof(guint)),
	                            .keywords = g_string_new(NULL)};
}

void
verdict_clear(struct verdict *verdict)
{
	g_array_unref(verdict->fits);
	g_string_free(verdict->keywords, TRUE);
}

/* What the message has already it does not get. */
static void
take_up(struct verdict *verdict, const struct conf_rule *rule, const struct store_row *row)
{
	verdict->add = (verdict->add & ~rule->remove) | rule->add;
	verdict->remove = (verdict->remove & ~rule->add) | rule->remove;
	if (rule->folder)
		verdict->folder = rule->folder;
	for (char **word = rule->keyword; *word; word++)
		if (!keyword_is_among(row->keywords, *word, strlen(*word)) &&
		    !keyword_is_among(verdict->keywords->str, *word, strlen(*word)))
			g_string_append_printf(verdict->keywords, "%s%s", verdict->keywords->len ? " " : "",
			                       *word);
}

static gboolean
is_same_folder(const char *a, const char *b)
{
	return !strcmp(a, b) || (!g_ascii_strcasecmp(a, "INBOX") && !g_ascii_strcasecmp(b, "INBOX"));
}

void
verdict_find(struct verdict *verdict, const GPtrArray *rules, struct store *store,
             const struct store_row *row, const struct match_place *place, gboolean last)
{
	struct match_stored *stored = match_stored_new(store, row->id);

	g_array_set_size(verdict->fits, 0);
	g_string_truncate(verdict->keywords, 0);
	verdict->lacks = FALSE;
	verdict->folder = NULL;
	verdict->add = verdict->remove = 0;
	for (guint i = 0; i < rules->len && !verdict->lacks; i++) {
		const struct conf_rule *rule = rules->pdata[i];
		enum query_answer fits = match_row(rule->query, row, place, match_stored_source(stored));

		verdict->lacks = fits == QUERY_LACKS && !last;
		if (fits != QUERY_YES)
			continue;
		g_array_append_val(verdict->fits, i);
		take_up(verdict, rule, row);
		if (rule->stop)
			break;
	}
	match_stored_free(stored);
	verdict->add &= ~row->flags;
	verdict->remove &= row->flags;
	if (verdict->folder && is_same_folder(verdict->folder, place->folder))
		verdict->folder = NULL;
}

gboolean
verdict_acts(const struct verdict *verdict)
{
	return verdict->folder || verdict->add || verdict->remove || verdict->keywords->len;
}

/* ---- alike ones ---- */

static void
sentence_free(gpointer data)
{
	struct sentence *sentence = data;

	g_free(sentence->folder);
	g_free(sentence->keywords);
	g_array_unref(sentence->ids);
	g_free(sentence);
}

struct sentences *
sentences_new(void)
{
	struct sentences *sentences = g_new0(struct sentences, 1);

	sentences->all = g_ptr_array_new_with_free_func(sentence_free);
	sentences->by_what = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	sentences->had = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return sentences;
}

void
sentences_free(struct sentences *sentences)
{
	if (!sentences)
		return;
	g_hash_table_unref(sentences->by_what);
	g_hash_table_unref(sentences->had);
	g_ptr_array_unref(sentences->all);
	g_free(sentences);
}

const struct sentence *
sentences_add(struct sentences *sentences, const struct verdict *verdict, const struct store_row *row,
              gint64 step)
{
	g_autofree char *what = g_strdup_printf(
	        "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %u %u\n%s\n%s", row->folder, step, verdict->add,
	        verdict->remove, verdict->keywords->str, verdict->folder ? verdict->folder : "");
	struct sentence *sentence = g_hash_table_lookup(sentences->by_what, what);

	if (!sentence) {
		sentence = g_new0(struct sentence, 1);
		sentence->from = row->folder;
		sentence->folder = g_strdup(verdict->folder);
		sentence->add = verdict->add;
		sentence->remove = verdict->remove;
		sentence->keywords = g_strdup(verdict->keywords->str);
		sentence->step = step;
		sentence->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
		g_ptr_array_add(sentences->all, sentence);
		g_hash_table_insert(sentences->by_what, g_steal_pointer(&what), sentence);
	}
	g_array_append_val(sentence->ids, row->id);
	return sentence;
}

guint
sentences_count(const struct sentences *sentences)
{
	guint n = 0;

	for (guint i = 0; i < sentences->all->len; i++)
		n += ((const struct sentence *)sentences->all->pdata[i])->ids->len;
	return n;
}

/* ---- carrying out ---- */

static gint64 *
step_of(struct sentences *sentences, struct sentence *sentence)
{
	return sentence->step ? &sentence->step : &sentences->step;
}

/* What is called "rules" may have had others before. */
static void
note_had(struct account *a, struct sentences *sentences, gint64 step)
{
	struct store_undo *undo = step ? store_undo_by_id(a->store, step, NULL) : NULL;

	if (undo && !strcmp(undo->verb, "rules"))
		g_hash_table_insert(sentences->had, g_memdup2(&step, sizeof step), GUINT_TO_POINTER(undo->n));
	store_undo_free(undo);
}

static gboolean
find_folder(struct account *a, struct sentences *sentences, struct sentence *sentence, GError **error)
{
	struct site site = {.settings = a->settings,
	                    .store = a->store,
	                    .ops = a->ops,
	                    .backend = a->backend,
	                    .step = step_of(sentences, sentence)};

	sentence->to = site_folder(&site, sentence->folder, TRUE, error);
	sentences->made |= site.made;
	if (sentence->to && !site_may(&site, sentence->to, "i", error))
		sentence->to = 0;
	return sentence->to != 0;
}

gboolean
sentences_prepare(struct account *a, struct sentences *sentences, GError **error)
{
	gboolean ok = TRUE;

	note_had(a, sentences, sentences->step);
	for (guint i = 0; i < sentences->all->len; i++) {
		struct sentence *sentence = sentences->all->pdata[i];

		note_had(a, sentences, sentence->step);
		if (sentence->folder && !find_folder(a, sentences, sentence, ok ? error : NULL))
			ok = FALSE;
	}
	return ok;
}

/* Somebody may have moved or deleted one since it was looked at: then he knows better. */
static gboolean
sift(struct account *a, struct sentence *sentence, GError **error)
{
	guint kept = 0;

	for (guint i = 0; i < sentence->ids->len; i++) {
		msgid id = g_array_index(sentence->ids, msgid, i);
		GError *failed = NULL;
		struct store_row *row = store_row(a->store, id, &failed);

		if (row && row->folder == sentence->from)
			g_array_index(sentence->ids, msgid, kept++) = id;
		store_row_free(row);
		if (failed) {
			g_propagate_error(error, failed);
			return FALSE;
		}
	}
	g_array_set_size(sentence->ids, kept);
	return TRUE;
}

/* Flags go after the move: a server that keeps no keywords shall not hold it up. */
static gboolean
write_one(struct account *a, struct sentences *sentences, struct sentence *sentence, GError **error)
{
	const msgid *ids;
	gint64 *step = step_of(sentences, sentence);
	gboolean flags = sentence->add || sentence->remove || *sentence->keywords;

	if (!sift(a, sentence, error))
		return FALSE;
	if (!sentence->ids->len)
		return TRUE;
	ids = (const msgid *)(const void *)sentence->ids->data;
	if (sentence->to && !store_journal_move(a->store, ids, sentence->ids->len, sentence->to, step, error))
		return FALSE;
	return !flags || store_journal_flags(a->store, ids, sentence->ids->len, sentence->add,
	                                     sentence->remove, sentence->keywords, "", step, error);
}

static gboolean
name_step(struct account *a, const struct sentences *sentences, gint64 step, const char *path, GError **error)
{
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(sentences->had, &step));

	for (guint i = 0; i < sentences->all->len; i++) {
		const struct sentence *sentence = sentences->all->pdata[i];

		if ((sentence->step ? sentence->step : sentences->step) == step)
			n += sentence->ids->len;
	}
	return store_undo_name(a->store, step, "rules", n, path, error);
}

gboolean
sentences_name(struct account *a, const struct sentences *sentences, const char *path, GError **error)
{
	gboolean ok = !sentences->step || name_step(a, sentences, sentences->step, path, error);

	for (guint i = 0; ok && i < sentences->all->len; i++) {
		gint64 step = ((const struct sentence *)sentences->all->pdata[i])->step;

		ok = !step || name_step(a, sentences, step, path, error);
	}
	return ok;
}

gboolean
sentences_write(struct account *a, struct sentences *sentences, const char *path, GError **error)
{
	for (guint i = 0; i < sentences->all->len; i++)
		if (!write_one(a, sentences, sentences->all->pdata[i], error))
			return FALSE;
	return !sentences->all->len || sentences_name(a, sentences, path, error);
}

void
sentences_tell(struct account *a, const struct sentences *sentences, gint64 from)
{
	for (guint i = 0; i < sentences->all->len; i++) {
		gint64 to = ((const struct sentence *)sentences->all->pdata[i])->to;

		if (to)
			account_hooks.rows(to, a);
		/* The text of what stands there now may be wanted. */
		if (to && visits(a))
			work_again(a, to);
	}
	if (sentences->made)
		account_hooks.folders(a);
	account_hooks.rows(from, a);
	journal_touch(a);
	journal_show(a);
}
