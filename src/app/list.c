/* fulmar list: rows of a folder, or of all folders of an account merged by time of arrival. */
#include <string.h>

#include "app/app.h"
#include "app/filter.h"
#include "app/ready.h"
#include "app/report.h"
#include "app/rows.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"

#define CHUNK 256

/* One folder, walked from the newest to the oldest; only a chunk of it is held. */
struct walk {
	struct store_folder *folder;
	GPtrArray *rows; /* struct store_row * */
	guint at;
	struct store_key last;
	gboolean begun, ended;
};

struct list {
	const struct app *app;
	const struct conf_account *account;
	struct store *store;
	struct session *session;
	struct query *filter;
	GPtrArray *walks;    /* struct walk * */
	gint64 left;         /* rows still to print */
	gboolean words_only; /* the filter looked for words where it could */
};

static void
walk_free(gpointer data)
{
	struct walk *walk = data;

	store_folder_free(walk->folder);
	g_ptr_array_unref(walk->rows);
	g_free(walk);
}

static struct walk *
walk_new(struct store_folder *folder)
{
	struct walk *walk = g_new0(struct walk, 1);

	walk->folder = folder;
	walk->rows = g_ptr_array_new_with_free_func(store_row_free);
	return walk;
}

/* *row: the next row, lent until the walk moves on to another chunk; NULL at the end. */
static gboolean
walk_peek(struct walk *walk, struct store *store, const struct store_row **row, GError **error)
{
	*row = NULL;
	if (walk->at == walk->rows->len && !walk->ended) {
		g_ptr_array_set_size(walk->rows, 0);
		walk->at = 0;
		if (!store_rows(store, walk->folder->id, walk->begun ? &walk->last : NULL, TRUE, CHUNK,
		                walk->rows, error))
			return FALSE;
		walk->begun = TRUE;
		walk->ended = walk->rows->len < CHUNK;
		if (walk->rows->len)
			walk->last =
			        ((const struct store_row *)g_ptr_array_index(walk->rows, walk->rows->len - 1))
			                ->key;
	}
	if (walk->at < walk->rows->len)
		*row = g_ptr_array_index(walk->rows, walk->at);
	return TRUE;
}

/* The walk whose next row is the newest; NULL when all have ended, or with error. */
static struct walk *
newest_walk(const struct list *list, const struct store_row **newest, GError **error)
{
	struct walk *best = NULL;

	*newest = NULL;
	for (guint i = 0; i < list->walks->len; i++) {
		struct walk *walk = g_ptr_array_index(list->walks, i);
		const struct store_row *row;

		if (!walk_peek(walk, list->store, &row, error))
			return NULL;
		if (row && (!*newest || row->received > (*newest)->received)) {
			best = walk;
			*newest = row;
		}
	}
	return best;
}

/* FALSE when enough was printed or nobody reads any more. */
static gboolean
print_row(struct list *list, const struct walk *walk, const struct store_row *row, guint depth)
{
	if (list->left == 0)
		return FALSE;
	if (list->filter && !filter_match(list->filter, row, list->account->id, walk->folder->path))
		return TRUE;
	if (list->left > 0)
		list->left--;
	return rows_print(list->app, list->account, walk->folder->path, row, depth) && list->left != 0;
}

static gboolean
list_newest_first(struct list *list, GError **error)
{
	GError *problem = NULL;
	const struct store_row *row;
	struct walk *walk;

	while ((walk = newest_walk(list, &row, &problem))) {
		if (!print_row(list, walk, row, 0))
			break;
		walk->at++;
	}
	if (problem)
		g_propagate_error(error, problem);
	return problem == NULL;
}

struct sorted {
	struct store_row *row;
	const struct walk *walk;
};

static void
sorted_clear(gpointer data)
{
	struct sorted *sorted = data;

	if (sorted->row)
		store_row_free(sorted->row);
}

static int
order(gint64 a, gint64 b)
{
	return a < b ? -1 : a > b;
}

static int
by_received(gconstpointer a, gconstpointer b)
{
	return order(((const struct sorted *)a)->row->received, ((const struct sorted *)b)->row->received);
}

static int
by_date(gconstpointer a, gconstpointer b)
{
	return order(((const struct sorted *)a)->row->date, ((const struct sorted *)b)->row->date);
}

static int
by_size(gconstpointer a, gconstpointer b)
{
	return order((gint64)((const struct sorted *)a)->row->size,
	             (gint64)((const struct sorted *)b)->row->size);
}

static int
by_text(const char *a, const char *b)
{
	g_autofree char *left = g_utf8_casefold(a, -1);
	g_autofree char *right = g_utf8_casefold(b, -1);

	return g_utf8_collate(left, right);
}

static int
by_subject(gconstpointer a, gconstpointer b)
{
	return by_text(((const struct sorted *)a)->row->subject, ((const struct sorted *)b)->row->subject);
}

static int
by_from(gconstpointer a, gconstpointer b)
{
	return by_text(rows_sender(((const struct sorted *)a)->row),
	               rows_sender(((const struct sorted *)b)->row));
}

static const struct sort_key {
	const char *name;
	GCompareFunc compare;
	gboolean falling; /* the largest first, unless turned round */
} sort_keys[] = {
        {"received", by_received, TRUE}, {"date", by_date, TRUE}, {"from", by_from, FALSE},
        {"subject", by_subject, FALSE},  {"size", by_size, TRUE}, {NULL, NULL, FALSE},
};

static const struct sort_key *
find_sort_key(const char *name, gboolean *turned, GError **error)
{
	const char *names[G_N_ELEMENTS(sort_keys)];
	const char *nearest;

	*turned = *name == '-';
	if (*turned)
		name++;
	for (guint i = 0; i < G_N_ELEMENTS(sort_keys); i++) {
		names[i] = sort_keys[i].name;
		if (names[i] && strcmp(names[i], name) == 0)
			return &sort_keys[i];
	}
	nearest = text_nearest(name, names);
	fulmar_fail(error, FULMAR_USAGE, _("cannot sort by “%s”; the nearest is “%s”"), name,
	            nearest ? nearest : "received");
	return NULL;
}

static gboolean
collect_rows(struct list *list, GArray *all, GError **error)
{
	for (guint i = 0; i < list->walks->len; i++) {
		struct walk *walk = g_ptr_array_index(list->walks, i);
		const struct store_row *row;

		for (;; walk->at++) {
			struct sorted sorted = {NULL, walk};

			if (!walk_peek(walk, list->store, &row, error))
				return FALSE;
			if (!row)
				break;
			sorted.row = g_ptr_array_index(walk->rows, walk->at);
			walk->rows->pdata[walk->at] = NULL;
			g_array_append_val(all, sorted);
		}
	}
	return TRUE;
}

static gboolean
list_sorted(struct list *list, const struct sort_key *key, gboolean turned, GError **error)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct sorted));
	gboolean falling = key->falling != turned;

	g_array_set_clear_func(all, sorted_clear);
	if (!collect_rows(list, all, error))
		return FALSE;
	g_array_sort(all, key->compare);
	for (guint i = 0; i < all->len; i++) {
		const struct sorted *sorted =
		        &g_array_index(all, struct sorted, falling ? all->len - 1 - i : i);

		if (!print_row(list, sorted->walk, sorted->row, 0))
			break;
	}
	return TRUE;
}

/* How deep an answer stands: one below the nearest message before it that is in the thread. */
static guint
row_depth(GHashTable *depths, const struct store_row *row)
{
	g_auto(GStrv) ids = g_strsplit(row->references, " ", -1);
	gpointer above;
	guint depth = 0;

	if (*row->in_reply_to && g_hash_table_lookup_extended(depths, row->in_reply_to, NULL, &above))
		depth = GPOINTER_TO_UINT(above) + 1;
	for (guint i = g_strv_length(ids); !depth && i > 0; i--)
		if (g_hash_table_lookup_extended(depths, ids[i - 1], NULL, &above))
			depth = GPOINTER_TO_UINT(above) + 1;
	g_hash_table_insert(depths, row->message_id, GUINT_TO_POINTER(depth));
	return depth;
}

#define THREAD_ROWS 10000

static gboolean
print_thread(struct list *list, const struct walk *walk, gint64 thread, gboolean *more, GError **error)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	g_autoptr(GHashTable) depths = g_hash_table_new(g_str_hash, g_str_equal);

	if (!store_thread_rows(list->store, walk->folder->id, thread, THREAD_ROWS, rows, error))
		return FALSE;
	for (guint i = 0; *more && i < rows->len; i++) {
		const struct store_row *row = g_ptr_array_index(rows, i);

		*more = print_row(list, walk, row, row_depth(depths, row));
	}
	return TRUE;
}

static gboolean
list_threads(struct list *list, const struct walk *walk, gboolean *more, GError **error)
{
	g_autoptr(GPtrArray) threads = g_ptr_array_new_with_free_func(g_free);
	struct store_key last = {0};
	gboolean begun = FALSE;

	do {
		g_ptr_array_set_size(threads, 0);
		if (!store_threads(list->store, walk->folder->id, begun ? &last : NULL, TRUE, CHUNK, threads,
		                   error))
			return FALSE;
		begun = TRUE;
		for (guint i = 0; *more && i < threads->len; i++) {
			const struct store_thread *thread = g_ptr_array_index(threads, i);

			last = thread->key;
			if (!print_thread(list, walk, thread->thread, more, error))
				return FALSE;
		}
	} while (*more && threads->len == CHUNK);
	return TRUE;
}

static gboolean
print_list(struct list *list, GError **error)
{
	const char *sort = list->app->cli.sort;
	gboolean turned, more = TRUE;
	const struct sort_key *key;

	if (list->app->cli.threads) {
		for (guint i = 0; more && i < list->walks->len; i++)
			if (!list_threads(list, g_ptr_array_index(list->walks, i), &more, error))
				return FALSE;
		return TRUE;
	}
	if (!sort || strcmp(sort, "received") == 0)
		return list_newest_first(list, error);
	key = find_sort_key(sort, &turned, error);
	return key && list_sorted(list, key, turned, error);
}

static gboolean
add_folder(struct list *list, const char *path, GError **partly, GError **error)
{
	g_clear_error(partly);
	struct store_folder *folder =
	        ready_folder(list->app, list->session, list->account, list->store, path, partly, error);

	if (folder)
		g_ptr_array_add(list->walks, walk_new(folder));
	return folder != NULL;
}

static gboolean
add_all_folders(struct list *list, GError **partly, GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(list->store, error);

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = g_ptr_array_index(folders, i);

		if (folder->selectable && !add_folder(list, folder->path, partly, error))
			return FALSE;
	}
	return folders != NULL;
}

static void
list_clear(struct list *list)
{
	g_ptr_array_unref(list->walks);
	if (list->store)
		store_close(list->store);
	query_free(list->filter);
	session_free(list->session);
}

/* Wrong words are found before anything is fetched. */
static gboolean
check_words(struct list *list, const char **folder, GError **error)
{
	const GPtrArray *words = list->app->cli.words;
	gboolean turned;

	list->account = app_target(list->app, g_ptr_array_index(words, 0), folder, error);
	if (!list->account)
		return FALSE;
	if (list->app->cli.sort && !find_sort_key(list->app->cli.sort, &turned, error))
		return FALSE;
	if (words->len > 1)
		list->filter = filter_new(words, 1, error);
	list->words_only = list->filter && query_has_words(list->filter);
	return words->len == 1 || list->filter;
}

int
command_list(struct app *app)
{
	struct list list = {.app = app, .left = app->cli.limit};
	g_autoptr(GError) partly = NULL;
	GError *error = NULL;
	const char *folder;
	gboolean ok;

	list.session = session_new(app);
	list.walks = g_ptr_array_new_with_free_func(walk_free);
	ok = check_words(&list, &folder, &error) &&
	     (list.store = ready_store(app, list.session, list.account, &error)) &&
	     (folder ? add_folder(&list, folder, &partly, &error)
	             : add_all_folders(&list, &partly, &error)) &&
	     print_list(&list, &error);
	list_clear(&list);
	if (!ok)
		return app_fail(error);
	if (list.words_only)
		report_error(_("words were looked for in subjects and addresses; bodies are not searched in "
		               "this version"));
	if (partly)
		report_error(partly->message);
	return partly ? FULMAR_PARTLY : FULMAR_OK;
}
