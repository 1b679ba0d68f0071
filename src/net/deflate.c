#include "net/deflate.h"

#include <zlib.h>

#define DEFLATE_SLICE ((gsize)64 * 1024)
#define DEFLATE_CHUNK ((gsize)16 * 1024)
/* zlib counts in unsigned int. */
#define DEFLATE_MOST ((gsize)1 << 30)

struct deflate {
	z_stream up, down;
	gboolean dirty; /* up took octets since the last flush */
	gboolean full;  /* the last slice was full: down may hold more */
	unsigned char slice[DEFLATE_SLICE];
};

struct deflate *
deflate_new(void)
{
	struct deflate *pair = g_new0(struct deflate, 1);

	/* These fail only without memory, which ends the program everywhere else too. */
	if (deflateInit2(&pair->up, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
	            Z_OK ||
	    inflateInit2(&pair->down, -MAX_WBITS) != Z_OK)
		g_error("zlib: %s", pair->up.msg ? pair->up.msg : "no memory");
	return pair;
}

void
deflate_free(struct deflate *pair)
{
	if (!pair)
		return;
	deflateEnd(&pair->up);
	inflateEnd(&pair->down);
	g_free(pair);
}

/* Runs the compressor over its input until it has no more to say with this kind of flush. */
static void
run_up(struct deflate *pair, int flush, struct queue *out)
{
	z_stream *up = &pair->up;

	do {
		up->next_out = queue_room(out, DEFLATE_CHUNK);
		up->avail_out = (uInt)DEFLATE_CHUNK;
		deflate(up, flush);
		queue_grow(out, DEFLATE_CHUNK - up->avail_out);
	} while (!up->avail_out);
}

void
deflate_write(struct deflate *pair, const void *bytes, gsize len, struct queue *out)
{
	const unsigned char *next = bytes;

	while (len) {
		gsize n = MIN(len, DEFLATE_MOST);

		pair->up.next_in = (z_const Bytef *)next;
		pair->up.avail_in = (uInt)n;
		run_up(pair, Z_NO_FLUSH, out);
		next += n;
		len -= n;
		pair->dirty = TRUE;
	}
}

void
deflate_flush(struct deflate *pair, struct queue *out)
{
	if (!pair->dirty)
		return;
	pair->up.next_in = NULL;
	pair->up.avail_in = 0;
	run_up(pair, Z_SYNC_FLUSH, out);
	pair->dirty = FALSE;
}

int
deflate_read(struct deflate *pair, const unsigned char **input, gsize *len, const unsigned char **slice,
             gsize *slice_len)
{
	z_stream *down = &pair->down;
	gsize given = MIN(*len, DEFLATE_MOST);
	int status;

	if (!given && !pair->full)
		return 0;
	down->next_in = (z_const Bytef *)*input;
	down->avail_in = (uInt)given;
	down->next_out = pair->slice;
	down->avail_out = (uInt)DEFLATE_SLICE;
	status = inflate(down, Z_SYNC_FLUSH);
	*input += given - down->avail_in;
	*len -= given - down->avail_in;
	pair->full = !down->avail_out;
	*slice = pair->slice;
	*slice_len = DEFLATE_SLICE - down->avail_out;
	/* Z_BUF_ERROR: no progress was possible, which is no fault. After the stream's end there is nothing
	 * to talk with, but what came before it counts. */
	if (status != Z_OK && status != Z_BUF_ERROR && !(status == Z_STREAM_END && *slice_len))
		return -1;
	return *slice_len ? 1 : status == Z_BUF_ERROR || !*len ? 0 : -1;
}

gboolean
deflate_holds_output(const struct deflate *pair)
{
	return pair->full;
}
