#include "base/lazy.h"

#include <dlfcn.h>
#include <pthread.h>

#include "base/error.h"
#include "base/i18n.h"

/* Not a GMutex: ThreadSanitizer sees only these. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Libraries opened so far by name; kept for the life of the process. */
static GHashTable *opened;

static void *
open_library(const char *soname, GError **error)
{
	void *library;

	if (!opened)
		opened = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	library = g_hash_table_lookup(opened, soname);
	if (library)
		return library;
	library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		fulmar_fail(error, FULMAR_FAILED, _("The library %s cannot be opened (%s); install it"),
		            soname, dlerror());
		return NULL;
	}
	g_hash_table_insert(opened, g_strdup(soname), library);
	return library;
}

static gboolean
has_all(void *library, const char *soname, const struct lazy_symbol *symbols, GError **error)
{
	for (const struct lazy_symbol *s = symbols; s->name; s++) {
		if (dlsym(library, s->name))
			continue;
		fulmar_fail(error, FULMAR_FAILED, _("The library %s lacks %s; install a newer version"),
		            soname, s->name);
		return FALSE;
	}
	return TRUE;
}

static gboolean
fill(const char *soname, const struct lazy_symbol *symbols, GError **error)
{
	void *library = open_library(soname, error);

	if (!library || !has_all(library, soname, symbols, error))
		return FALSE;
	for (const struct lazy_symbol *s = symbols; s->name; s++) {
		void *function = dlsym(library, s->name);

		/* A thread that loaded it before may be reading the slot: write it once only. */
		if (*s->slot != function)
			*s->slot = function;
	}
	return TRUE;
}

gboolean
lazy_load(const char *soname, const struct lazy_symbol *symbols, GError **error)
{
	gboolean filled;

	pthread_mutex_lock(&lock);
	filled = fill(soname, symbols, error);
	pthread_mutex_unlock(&lock);
	return filled;
}
