/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading shard sets from C, and from everything that can call C (libyolodata_c.so; the Python package stands
 * on it). Functions never throw and never print: those that can fail return a status, and yolodata_error() then
 * says what is wrong, naming file, place and remedy. A set may be read from many threads at once. */
#ifndef YOLODATA_H
#define YOLODATA_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yolodata_set yolodata_set;

typedef enum yolodata_status {
    YOLODATA_OK = 0,
    YOLODATA_BAD_RECORD = 1, /* damaged, or cannot be read any more: leave it out and go on */
    YOLODATA_ERROR = 2       /* wrong argument, no such set, no memory */
} yolodata_status;

typedef enum yolodata_io { YOLODATA_IO_AUTO = 0, YOLODATA_IO_MMAP = 1, YOLODATA_IO_PREAD = 2, YOLODATA_IO_DIRECT = 3 } yolodata_io;

typedef struct yolodata_options {
    int32_t io;              /* yolodata_io */
    int32_t verify_checksum; /* 0: pictures are not checked */
    int32_t drop_behind;     /* 1: pages are given back once they were read */
    int32_t reserved;        /* 0 */
    uint64_t mapped_bytes;   /* of all windows together; 0: 1 GiB */
} yolodata_options;

typedef struct yolodata_record {
    uint64_t number;         /* within the split */
    uint64_t payload_bytes;  /* stored */
    uint64_t offset;         /* in its shard file */
    uint64_t checksum;       /* XXH3-64 of the payload */
    uint32_t width, height;  /* of the stored picture, px */
    uint32_t source_width, source_height;
    uint32_t rows;           /* boxes */
    uint32_t shard;          /* index of the file in the split */
    int32_t codec;           /* 0 raw RGB, 1 JPEG */
    uint32_t source_bytes;   /* length of the source's path */
} yolodata_record;

/* One box: class, centre and size, normalised to the picture. */
typedef struct yolodata_box {
    int32_t class_id;
    float x, y, w, h;
} yolodata_box;

/* What went wrong in this thread's last call that failed. Valid until the next one that does. */
const char* yolodata_error(void);
/* The version of the library, "0.1.0". */
const char* yolodata_version(void);

/* dir: folder with an index.json. options: NULL for the defaults. NULL: it cannot be opened. */
yolodata_set* yolodata_open(const char* dir, const char* split, const yolodata_options* options);
void yolodata_close(yolodata_set* set); /* NULL is fine; no other thread may be using it */
uint64_t yolodata_size(const yolodata_set* set);

/* What is known of a record without its pixels. boxes: room for `box_room` boxes, of which record->rows or fewer
 * are filled, or NULL. source: room for `source_room` bytes of the path, which is not terminated, or NULL. */
yolodata_status yolodata_info(const yolodata_set* set, uint64_t number, yolodata_record* record, yolodata_box* boxes,
                              uint64_t box_room, char* source, uint64_t source_room);
/* The payload as stored into `out` of exactly record.payload_bytes bytes. */
yolodata_status yolodata_read(const yolodata_set* set, uint64_t number, void* out, uint64_t bytes);
/* The picture as width * height * 3 bytes, RGB, rows from top to bottom; JPEGs are decoded. */
yolodata_status yolodata_picture(const yolodata_set* set, uint64_t number, void* out, uint64_t bytes);
/* The records from `number` on are wanted next. */
void yolodata_prefetch(const yolodata_set* set, uint64_t number, uint64_t count);

#ifdef __cplusplus
}
#endif
#endif
