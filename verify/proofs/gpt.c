/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: of a table of partitions only what lies on the disk, among its usable
 * blocks and apart from each other is kept, whatever the disk says. That reading it
 * cannot fault is shown by Eva, in gpt_reading.c.
 */
#include "trusted.h"

#include "block/gpt.c"

/*@ predicate inside(struct gpt_header *header, struct gpt *gpt, integer k) =
        header->first_usable <= gpt->partition[k].first <= gpt->partition[k].last <= header->last_usable;

    predicate all_inside(struct gpt_header *header, struct gpt *gpt) =
        \forall integer k; 0 <= k < gpt->partitions ==> inside(header, gpt, k);

    predicate all_apart(struct gpt *gpt) =
        \forall integer k, l; 0 <= l < k < gpt->partitions ==>
            apart(gpt, l, gpt->partition[k].first, gpt->partition[k].last); */

/*@ requires \valid_read(raw) && \valid_read(disk) && disk->blocks > 0;
    requires lba == GPT_PRIMARY || lba == disk->blocks - 1;
    assigns \nothing;
    ensures \result == \null ==> GPT_PRIMARY < raw->first_usable <= raw->last_usable < disk->blocks - 1;
    ensures \result == \null && lba == GPT_PRIMARY ==>
        GPT_PRIMARY < raw->table && raw->table + table_blocks <= raw->first_usable;
    ensures \result == \null && lba != GPT_PRIMARY ==>
        raw->last_usable < raw->table && raw->table + table_blocks <= lba; */
static const char *check_layout(const struct raw_header *raw, const struct gpt_disk *disk,
                                uint64_t lba, uint32_t table_blocks);

/*@ assigns \nothing;
    ensures \result ==> GPT_ENTRY_SIZE <= size <= GPT_TABLE_MAX; */
static bool entry_size_allowed(uint32_t size);

/*@ requires \valid(partition) && \valid_read(name + (0 .. GPT_NAME_LENGTH - 1));
    requires \separated(partition, name + (0 .. GPT_NAME_LENGTH - 1));
    assigns partition->foreign, partition->name[0 .. GPT_NAME_LENGTH - 1]; */
static void read_name(struct gpt_partition *partition, const uint16_t *name);

/*@ requires \valid_read(gpt) && gpt->partitions <= GPT_PARTITIONS_MAX;
    assigns \nothing;
    ensures !\result ==> \forall integer k; 0 <= k < gpt->partitions ==> apart(gpt, k, first, last); */
static bool overlaps(const struct gpt *gpt, uint64_t first, uint64_t last);

/*@ requires \valid(gpt) && \valid_read(entry) && \separated(gpt, entry);
    requires gpt->partitions < GPT_PARTITIONS_MAX;
    assigns gpt->partitions, gpt->partition[\at(gpt->partitions, Pre)];
    ensures gpt->partitions == \old(gpt->partitions) + 1;
    ensures gpt->partition[\old(gpt->partitions)].first == entry->first;
    ensures gpt->partition[\old(gpt->partitions)].last == entry->last; */
static void keep(struct gpt *gpt, const struct raw_entry *entry);

/*@ requires \valid(gpt) && \valid_read(header) && \valid_read(entry);
    requires \separated(gpt, header, entry);
    requires gpt->partitions <= GPT_PARTITIONS_MAX && all_inside(header, gpt) && all_apart(gpt);
    assigns *gpt;
    ensures gpt->partitions <= GPT_PARTITIONS_MAX;
    ensures all_inside(header, gpt);
    ensures all_apart(gpt);
    ensures \result != \null ==> gpt->partitions == \old(gpt->partitions); */
static const char *add(struct gpt *gpt, const struct gpt_header *header,
                       const struct raw_entry *entry);
