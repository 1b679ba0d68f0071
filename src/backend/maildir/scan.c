/* A folder's directory against the store: what came, went, or got other flags.
 *
 * A directory that others rename in may show a file twice or not at all. So a message is only taken for gone
 * when two scans in a row miss it, and a base name counts once.
 */
#include "backend/maildir/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/missing.h"
#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/i18n.h"

#define READ_SLICE 4000  /* directory entries a step */
#define CHANGE_SLICE 200 /* rows changed a step */
#define PROBES 8         /* rows that are asked whether their files are where the folder is */

static const char *const subdirs[] = {"new", "cur"};

struct entry {
	guint64 uid;
	gint64 stamp;
	gsize name;                        /* in names: "cur/NAME" */
	guint8 flags, stored;              /* as the name says; as the store has them */
	guint32 keywords, stored_keywords; /* the same, as letters that mean something */
	gboolean known;                    /* the store has it */
};

enum scan_stage { SCAN_READ, SCAN_COMPARE, SCAN_CHANGE, SCAN_ADD };

struct scan {
	enum scan_stage stage;
	struct store_folder *folder;
	char *dir;
	struct letters *letters;
	DIR *entries_of; /* the subfolder being read */
	guint subdir;
	GArray *entries; /* struct entry, by uid once compared */
	GString *names;
	GArray *gone; /* guint64, ascending: missed by the first scan */
	gboolean second;
	guint at;        /* in entries, while changing */
	gboolean parted; /* two of one name have two now: it has to be read again */
	gboolean moved;  /* the store has the files under another name of the folder */
};

void
scan_clear(struct job *job)
{
	struct scan *scan = job->data;

	if (!scan)
		return;
	if (scan->folder)
		store_folder_free(scan->folder);
	if (scan->entries_of)
		closedir(scan->entries_of);
	g_free(scan->dir);
	letters_free(scan->letters);
	g_array_unref(scan->entries);
	g_array_unref(scan->gone);
	g_string_free(scan->names, TRUE);
	g_free(scan);
}

static gboolean
scan_begin(struct backend *backend, struct job *job, GError **error)
{
	struct store_folder *folder = backend_folder(backend, job->folder, error);
	struct scan *scan;

	if (!folder)
		return FALSE;
	scan = g_new0(struct scan, 1);
	scan->folder = folder;
	scan->dir = backend_folder_dir(backend, folder);
	scan->letters = letters_read(scan->dir);
	scan->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	scan->gone = g_array_new(FALSE, FALSE, sizeof(guint64));
	scan->names = g_string_new(NULL);
	job->data = scan;
	return TRUE;
}

/* ---- reading the directory ---- */

/* Messages have no leading dot; what else lies there (folders, sockets) is none. */
static gboolean
is_message(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN);
}

static gint64
entry_stamp(DIR *dir, const char *name)
{
	gint64 stamp = maildir_stamp(name);
	struct stat st;

	if (stamp)
		return stamp;
	return fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mtime : 0;
}

static void
take_entry(struct scan *scan, const struct dirent *found)
{
	struct entry entry = {0};

	if (!is_message(found))
		return;
	entry.uid = maildir_uid(found->d_name);
	entry.stamp = entry_stamp(scan->entries_of, found->d_name);
	entry.flags = (guint8)letters_flags(scan->letters, found->d_name);
	if (scan->letters->known)
		entry.keywords =
		        maildir_letters(found->d_name) & scan->letters->known & ~scan->letters->forwarded;
	entry.name = scan->names->len;
	g_string_append_printf(scan->names, "%s/", subdirs[scan->subdir]);
	g_string_append_len(scan->names, found->d_name, (gssize)strlen(found->d_name) + 1);
	g_array_append_val(scan->entries, entry);
}

static gboolean
open_subdir(struct scan *scan, GError **error)
{
	g_autofree char *path = g_build_filename(scan->dir, subdirs[scan->subdir], NULL);

	scan->entries_of = opendir(path);
	/* A folder without new/ is one in which nothing arrives. */
	if (scan->entries_of || (errno == ENOENT && scan->subdir == 0))
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("cannot read %s: %s"), path, g_strerror(errno));
	return FALSE;
}

static gboolean
read_slice(struct scan *scan, GError **error)
{
	if (!scan->entries_of && !open_subdir(scan, error))
		return FALSE;
	errno = 0;
	for (int n = 0; scan->entries_of && n < READ_SLICE; n++) {
		const struct dirent *found = readdir(scan->entries_of);

		if (found) {
			take_entry(scan, found);
			errno = 0;
			continue;
		}
		if (errno) {
			fulmar_fail(error, FULMAR_FAILED, _("cannot read %s: %s"), scan->dir,
			            g_strerror(errno));
			return FALSE;
		}
		closedir(scan->entries_of);
		scan->entries_of = NULL;
	}
	if (!scan->entries_of && ++scan->subdir == G_N_ELEMENTS(subdirs))
		scan->stage = SCAN_COMPARE;
	return TRUE;
}

void
scan_count(const char *dir, guint64 *total, guint64 *unread)
{
	*total = *unread = 0;
	for (guint i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *path = g_build_filename(dir, subdirs[i], NULL);
		DIR *entries = opendir(path);
		const struct dirent *entry;

		while (entries && (entry = readdir(entries))) {
			if (!is_message(entry))
				continue;
			++*total;
			*unread += !(maildir_flags(entry->d_name) & FLAG_SEEN);
		}
		if (entries)
			closedir(entries);
	}
}

/* ---- comparing ---- */

static int
by_uid(gconstpointer a, gconstpointer b)
{
	guint64 left = ((const struct entry *)a)->uid, right = ((const struct entry *)b)->uid;

	return left < right ? -1 : left > right;
}

static void
drop_doubles(struct backend *backend, struct scan *scan)
{
	GArray *entries = scan->entries;
	guint kept = 0;

	for (guint i = 0; i < entries->len; i++) {
		const struct entry *entry = &g_array_index(entries, struct entry, i);
		const struct entry *before = kept ? &g_array_index(entries, struct entry, kept - 1) : NULL;

		/* The later one wins: cur/ is read after new/. */
		if (before && before->uid == entry->uid) {
			scan->parted |= doubles_part(backend, scan->dir, scan->names->str + before->name,
			                             scan->names->str + entry->name);
			kept--;
		}
		g_array_index(entries, struct entry, kept++) = *entry;
	}
	g_array_set_size(entries, kept);
}

/* The entries beside UIDs that mostly rise. */
struct beside {
	struct scan *scan;
	guint at; /* in the entries: all before have lower UIDs than the last */
	guint64 last;
	GArray *gone; /* UIDs that only the store has */
};

/* Of the entry that has it; NULL: none. */
static struct entry *
entry_of(struct beside *beside, guint64 uid)
{
	GArray *entries = beside->scan->entries;

	if (uid < beside->last)
		beside->at = 0;
	beside->last = uid;
	while (beside->at < entries->len && g_array_index(entries, struct entry, beside->at).uid < uid)
		beside->at++;
	if (beside->at == entries->len || g_array_index(entries, struct entry, beside->at).uid != uid)
		return NULL;
	return &g_array_index(entries, struct entry, beside->at);
}

static void
take_known(guint64 uid, guint base, void *user)
{
	struct beside *beside = user;
	struct entry *entry = entry_of(beside, uid);

	if (!entry) {
		g_array_append_val(beside->gone, uid);
		return;
	}
	entry->known = TRUE;
	entry->stored |= (guint8)base;
}

static int
by_number(gconstpointer a, gconstpointer b)
{
	guint64 left = *(const guint64 *)a, right = *(const guint64 *)b;

	return left < right ? -1 : left > right;
}

static gboolean
mark_known(struct backend *backend, struct scan *scan, GArray *gone, GError **error)
{
	struct beside beside = {.scan = scan, .gone = gone};
	gboolean ok = store_each_uid(backend->env->store, scan->folder->id, take_known, &beside, error);

	g_array_sort(gone, by_number);
	return ok;
}

static void
mark_letters(struct scan *scan, const struct uidset *set, guint32 letters)
{
	struct beside beside = {.scan = scan};

	for (guint r = 0; r < set->len; r++)
		for (guint64 uid = set->ranges[r].lo; uid <= set->ranges[r].hi; uid++) {
			struct entry *entry = entry_of(&beside, uid);

			if (entry)
				entry->stored_keywords |= letters;
		}
}

/* What a name cannot tell is only in the store, and stays there. */
static gboolean
mark_keywords(struct backend *backend, struct scan *scan, GError **error)
{
	g_autoptr(GHashTable) sets = NULL;
	GHashTableIter iter;
	const char *keyword;
	const struct uidset *set;

	if (!scan->letters->known)
		return TRUE;
	sets = store_keyword_uids(backend->env->store, scan->folder->id, error);
	if (!sets)
		return FALSE;
	g_hash_table_iter_init(&iter, sets);
	while (g_hash_table_iter_next(&iter, (gpointer *)&keyword, (gpointer *)&set)) {
		gboolean lacking;
		guint32 letters = letters_of(scan->letters, keyword, &lacking);

		if (letters)
			mark_letters(scan, set, letters);
	}
	return TRUE;
}

/* What both scans missed. */
static void
intersect(GArray *both, const GArray *other)
{
	guint kept = 0, j = 0;

	for (guint i = 0; i < both->len; i++) {
		guint64 uid = g_array_index(both, guint64, i);

		while (j < other->len && g_array_index(other, guint64, j) < uid)
			j++;
		if (j < other->len && g_array_index(other, guint64, j) == uid)
			g_array_index(both, guint64, kept++) = uid;
	}
	g_array_set_size(both, kept);
}

static void
read_again(struct scan *scan)
{
	scan->second = TRUE;
	scan->subdir = 0;
	scan->stage = SCAN_READ;
	g_array_set_size(scan->entries, 0);
	g_string_truncate(scan->names, 0);
}

/* The folder was renamed, or all of the mail lies elsewhere now: then every path is another. */
static gboolean
has_moved(struct backend *backend, const struct scan *scan)
{
	struct store *store = backend->env->store;

	for (guint i = 0; i < PROBES && scan->entries->len; i++) {
		guint at = i * (scan->entries->len - 1) / (PROBES - 1);
		const struct entry *entry = &g_array_index(scan->entries, struct entry, at);
		msgid id = entry->known ? store_id_by_uid(store, scan->folder->id, entry->uid, NULL) : 0;
		g_autofree char *file = NULL;
		gint64 folder;
		guint64 uid;
		gsize len = strlen(scan->dir);

		if (id && store_place(store, id, &folder, &uid, &file, NULL) > 0 && file &&
		    (strncmp(file, scan->dir, len) != 0 || strlen(file) < len + 5 ||
		     memchr(file + len + 5, '/', strlen(file) - len - 5)))
			return TRUE;
	}
	return FALSE;
}

static gboolean
compare(struct backend *backend, struct scan *scan, GError **error)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(guint64));

	g_array_sort(scan->entries, by_uid);
	drop_doubles(backend, scan);
	if (!mark_known(backend, scan, gone, error) || !mark_keywords(backend, scan, error))
		return FALSE;
	if (scan->second) {
		intersect(scan->gone, gone);
	} else if (gone->len) {
		g_array_append_vals(scan->gone, gone->data, gone->len);
		read_again(scan);
		return TRUE;
	}
	scan->moved = has_moved(backend, scan);
	scan->stage = SCAN_CHANGE;
	return TRUE;
}

/* ---- writing it down ---- */

static gboolean
remove_gone(struct backend *backend, struct scan *scan, GError **error)
{
	struct uidset set;
	gint64 removed;

	uidset_init(&set);
	for (guint i = 0; i < scan->gone->len; i++)
		uidset_add(&set, g_array_index(scan->gone, guint64, i),
		           g_array_index(scan->gone, guint64, i));
	removed = store_remove_uids(backend->env->store, scan->folder->id, &set, error);
	uidset_clear(&set);
	g_array_set_size(scan->gone, 0);
	return removed >= 0;
}

static gboolean
change_entry(struct backend *backend, const struct scan *scan, const struct entry *entry, GError **error)
{
	GError *problem = NULL;
	msgid id = store_id_by_uid(backend->env->store, scan->folder->id, entry->uid, &problem);
	gboolean ok = TRUE;

	if (id) {
		g_autofree char *file = g_build_filename(scan->dir, scan->names->str + entry->name, NULL);

		ok = backend_set_file(backend, id, file, error);
	}
	if (problem)
		g_propagate_error(error, problem);
	return ok && !problem;
}

static gboolean
is_as_stored(const struct entry *entry)
{
	return entry->stored == entry->flags && entry->stored_keywords == entry->keywords;
}

/* One transaction: what is gone, and a slice of what changed. */
static gboolean
change_slice(struct backend *backend, struct scan *scan, GError **error)
{
	struct store *store = backend->env->store;
	gboolean ok = TRUE;
	guint changed = 0;

	if (!store_begin(store, FALSE, error))
		return FALSE;
	if (scan->gone->len) {
		changed = scan->gone->len;
		ok = remove_gone(backend, scan, error);
	}
	for (; ok && scan->at < scan->entries->len && changed < CHANGE_SLICE; scan->at++) {
		const struct entry *entry = &g_array_index(scan->entries, struct entry, scan->at);

		if (!entry->known || (is_as_stored(entry) && !scan->moved))
			continue;
		changed++;
		ok = change_entry(backend, scan, entry, error);
	}
	if (!ok || !store_commit(store, error)) {
		store_rollback(store);
		return FALSE;
	}
	if (changed)
		backend->env->hooks->rows(scan->folder->id, backend->env->user);
	if (scan->at == scan->entries->len)
		scan->stage = SCAN_ADD;
	return TRUE;
}

/* What the directory said of the folder; when that was, and whether all of it is here. */
static void
take_counts(struct scan *scan)
{
	struct store_folder *folder = scan->folder;

	folder->server_total = scan->entries->len;
	folder->server_unread = 0;
	for (guint i = 0; i < scan->entries->len; i++)
		folder->server_unread += !(g_array_index(scan->entries, struct entry, i).flags & FLAG_SEEN);
	folder->exists = scan->entries->len;
	folder->synced = g_get_real_time() / G_USEC_PER_SEC;
}

/* Leaves what the store lacks for adding; takes the names with it. */
static struct missing *
find_missing(struct scan *scan)
{
	struct missing *missing =
	        missing_new(scan->dir, g_steal_pointer(&scan->names), scan->entries->len, scan->parted);

	scan->names = g_string_new(NULL);
	for (guint i = 0; i < scan->entries->len; i++) {
		const struct entry *entry = &g_array_index(scan->entries, struct entry, i);

		if (!entry->known)
			missing_take(missing, entry->stamp, entry->name);
	}
	return missing;
}

static gboolean
add_first(struct backend *backend, struct job *job, struct scan *scan, GError **error)
{
	struct missing *missing = find_missing(scan);

	backend->has_others |= !scan->folder->synced;
	if (scan->folder->synced)
		missing_are_news(missing,
		                 !strcmp(scan->folder->path, "INBOX") &&
		                         conf_rules_arrival(backend->env->conf, backend->env->account));
	take_counts(scan);
	return missing_begin(backend, scan->folder, missing, error);
}

enum job_state
scan_step(struct backend *backend, struct job *job, GError **error)
{
	struct scan *scan;
	gboolean ok = TRUE;

	if (!job->data && !scan_begin(backend, job, error))
		return JOB_FAILED;
	scan = job->data;
	switch (scan->stage) {
	case SCAN_READ:
		ok = read_slice(scan, error);
		break;
	case SCAN_COMPARE:
		ok = compare(backend, scan, error);
		break;
	case SCAN_CHANGE:
		ok = change_slice(backend, scan, error);
		break;
	case SCAN_ADD:
		return add_first(backend, job, scan, error) ? JOB_DONE : JOB_FAILED;
	}
	return ok ? JOB_MORE : JOB_FAILED;
}
