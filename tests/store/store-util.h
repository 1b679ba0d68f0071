/* What the tests of the store share: a private folder, messages in one line, and a check of the whole
 * database by plain SQL. */
#ifndef FULMAR_TESTS_STORE_UTIL_H
#define FULMAR_TESTS_STORE_UTIL_H

#include "store/store.h"

struct bed {
	char *dir;
	struct store *store;
	gint64 inbox;
};

void bed_up(struct bed *bed, gconstpointer unused);
void bed_down(struct bed *bed, gconstpointer unused);
#define BED_TEST(path, function) g_test_add(path, struct bed, NULL, bed_up, function, bed_down)
/* Closes and opens it again for writing. */
void bed_reopen(struct bed *bed);

gint64 add_folder(struct store *store, const char *path, const char *role);
struct store_folder *folder_of(struct store *store, gint64 id);

struct mail {
	guint64 uid;
	gint64 received;
	guint flags;
	const char *id, *parent, *references; /* blank-separated */
	const char *keywords, *email_id, *file, *subject;
	guint64 size;
	const struct mime_part *structure;
};
/* Adds it in a transaction of its own unless begin opened one. */
msgid add_mail(struct store *store, gint64 folder, const struct mail *mail);
void begin(struct store *store);
void commit(struct store *store);
void rollback(struct store *store);

/* Compares every counter, thread row and mask with what the rows say; aborts when one differs. */
void check_store(const char *dir);
/* One number by SQL from the file. */
gint64 ask(const char *dir, const char *sql);
/* Spoils it by SQL, behind the back of whoever has it open. */
void damage(const char *dir, const char *sql);
/* All in dir was touched long ago: of what was touched lately nobody may judge. */
void age_files(const char *dir);
/* How many conversations are counted in a folder. */
gint64 thread_count(struct bed *bed, gint64 folder);

#endif
