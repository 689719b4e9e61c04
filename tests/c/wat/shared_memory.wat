(module
  (memory (import "env" "memory") 1 64 shared)
  (data $passive "0123")
  ;; 0: adds to the word at 8, atomically
  (func (export "count") (param $n i32)
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  ;; 1: adds to the word at 64, plainly, under a mutex at 0: 0 free, 1 held, 2 held and waited for
  (func (export "locked") (param $n i32) (local $was i32)
    (loop $again
      (if (local.tee $was (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1)))
        (then (loop $wait
          (if (i32.atomic.rmw.xchg (i32.const 0) (i32.const 2))
            (then
              (drop (memory.atomic.wait32 (i32.const 0) (i32.const 2) (i64.const -1)))
              (br $wait))))))
      (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
      (if (i32.ne (i32.atomic.rmw.sub (i32.const 0) (i32.const 1)) (i32.const 1))
        (then
          (i32.atomic.store (i32.const 0) (i32.const 0))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  ;; 2: n times: waits until the word at 128 has the parity, adds one, wakes the others
  (func (export "turns") (param $parity i32) (param $n i32) (local $now i32)
    (loop $again
      (block $mine
        (loop $look
          (local.set $now (i32.atomic.load (i32.const 128)))
          (br_if $mine (i32.eq (i32.and (local.get $now) (i32.const 1)) (local.get $parity)))
          (drop (memory.atomic.wait32 (i32.const 128) (local.get $now) (i64.const -1)))
          (br $look)))
      (drop (i32.atomic.rmw.add (i32.const 128) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 128) (i32.const -1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  ;; 3: grows by a page and writes its number into it
  (func (export "grow") (result i32) (local $page i32)
    (if (i32.ne (local.tee $page (memory.grow (i32.const 1))) (i32.const -1))
      (then (i32.store (i32.shl (local.get $page) (i32.const 16)) (local.get $page))))
    (local.get $page))
  ;; 4, 5, 6
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "wait") (param i32 i64) (result i32)
    (memory.atomic.wait64 (local.get 0) (i64.const 0) (local.get 1)))
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1)))
  ;; 7: what a data segment writes at an address that may just have come into being
  (func (export "init") (param i32)
    (memory.init $passive (local.get 0) (i32.const 0) (i32.const 4))))
