/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program in the simulator: a shared object, loaded from the protection domain's own
 * copy of its file, which is why several instances of one program have their own
 * variables. What the instance can write is known from the program headers; it is kept
 * as it was before the first start, and put back for each start: zeroed variables, and
 * the words that libmicrokit's stand-in needs, as core/start.S leaves them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "diag.h"
#include "sim/sim.h"
#include "text.h"

#define STACK_SIZE                                                                                 \
    (256U * 1024U) /* sanitizers and unoptimised code need more than the file says                 \
                    */

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define __asan_unpoison_memory_region(start, size) ((void)(start), (void)(size))
#endif

/* Not memcpy(): between a program's variables there is memory that sanitizers guard. */
static void copy(void *to, const void *from, size_t size)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

void program_poke(struct sim_pd *pd, void *at, const void *bytes, size_t size)
{
    uintptr_t page = (uintptr_t)at & ~(uintptr_t)(SIM_PAGE - 1U);
    size_t span = (uintptr_t)at + size - page;
    bool writable = false;

    for (size_t i = 0; i < pd->block_count; i++) {
        writable = writable || (uintptr_t)at - (uintptr_t)pd->blocks[i].start < pd->blocks[i].size;
    }
    if (!writable && mprotect((void *)page, span, PROT_READ | PROT_WRITE) != 0) {
        diag_fatal("%s: cannot be changed: %s", pd->path, strerror(errno));
    }
    copy(at, bytes, size);
    if (!writable) {
        mprotect((void *)page, span, PROT_READ);
    }
}

static void add_block(struct sim_pd *pd, unsigned char *start, size_t size)
{
    if (pd->block_count == SIM_MAX_BLOCKS) {
        diag_fatal("%s: more than %u writable segments", pd->path, SIM_MAX_BLOCKS);
    }
    pd->blocks[pd->block_count++] = (struct sim_block){.start = start, .size = size};
}

/* The program's segments, from its headers in memory; relocated data is read-only by now. */
static void find_memory(struct sim_pd *pd, const struct link_map *map)
{
    const ElfW(Ehdr) *header = (const void *)map->l_addr;
    const ElfW(Phdr) *segments = (const void *)(map->l_addr + header->e_phoff);
    uintptr_t relocated = 0, end = 0;

    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_GNU_RELRO) {
            relocated = map->l_addr + segments[i].p_vaddr + segments[i].p_memsz;
        }
    }
    for (unsigned i = 0; i < header->e_phnum; i++) {
        uintptr_t start = map->l_addr + segments[i].p_vaddr;
        uintptr_t stop = start + segments[i].p_memsz;
        if (segments[i].p_type != PT_LOAD) {
            continue;
        }
        end = stop > end ? stop : end;
        if ((segments[i].p_flags & PF_W) != 0) {
            start = relocated > start && relocated <= stop ? relocated : start;
            add_block(pd, (unsigned char *)start, stop - start);
        }
    }
    pd->program->image_start = map->l_addr;
    pd->program->image_size = end - map->l_addr;
}

static void make_stack(struct sim_pd *pd)
{
    unsigned char *got = mmap(NULL, STACK_SIZE + 2 * SIM_PAGE, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (got == MAP_FAILED || mprotect(got + SIM_PAGE, STACK_SIZE, PROT_READ | PROT_WRITE) != 0) {
        diag_fatal("no memory for a stack: %s", strerror(errno));
    }
    pd->stack = got + SIM_PAGE;
    pd->stack_size = STACK_SIZE;
    pd->program->stack_start = (uintptr_t)pd->stack;
    pd->program->stack_size = pd->stack_size;
}

/* The path to load it from: a copy if another protection domain has loaded that file. */
static const char *own_copy(const struct sim_pd *pd)
{
    bool is_first = true;
    size_t size;

    for (size_t i = 0; i < pd->index; i++) {
        is_first = is_first && strcmp(sim_system.pds[i].path, pd->path) != 0;
    }
    char *bytes = is_first ? NULL : text_file(pd->path, &size);
    if (bytes == NULL) {
        return pd->path;
    }
    int fd = memfd_create(pd->name, 0);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) {
        diag_fatal("%s: no memory for another copy of %s", pd->name, pd->path);
    }
    return text_format("/proc/self/fd/%d", fd);
}

void program_open(struct sim_pd *pd)
{
    struct link_map *map;

    pd->handle = dlopen(own_copy(pd), RTLD_NOW | RTLD_LOCAL);
    if (pd->handle == NULL) {
        diag_fatal("%s: %s", pd->name, dlerror());
    }
    pd->program = dlsym(pd->handle, "sim_program");
    if (pd->program == NULL || dlinfo(pd->handle, RTLD_DI_LINKMAP, &map) != 0) {
        diag_fatal("%s: %s is no program of the simulator (make sim-programs)", pd->name, pd->path);
    }
    pd->config = dlsym(pd->handle, "quoll_config");
    if (pd->config != NULL && pd->config->magic != QUOLL_CONFIG_MAGIC) {
        pd->config = NULL;
    }
    pd->checked = dlsym(pd->handle, "__tsan_init") != NULL;
    pd->at_rest = (bool (*)(void))dlsym(pd->handle, "sim_at_rest");
    find_memory(pd, map);
    make_stack(pd);
    strncpy(pd->program->name, pd->name, 63);
}

bool program_is_plain(const struct sim_pd *pd)
{
    return dlsym(pd->handle, "__asan_init") == NULL;
}

void program_keep(struct sim_pd *pd)
{
    for (size_t i = 0; i < pd->block_count; i++) {
        struct sim_block *block = &pd->blocks[i];
        block->initial = text_alloc(1, block->size);
        copy(block->initial, block->start, block->size);
    }
}

void program_reset(struct sim_pd *pd)
{
    if (pd->program->before_restart != NULL) {
        pd->program->before_restart();
    }
    for (size_t i = 0; i < pd->block_count; i++) {
        copy(pd->blocks[i].start, pd->blocks[i].initial, pd->blocks[i].size);
    }
    __asan_unpoison_memory_region(pd->stack, pd->stack_size);
}
