;; Writes to what it shares, then runs a start function that may trap.
(module
  (import "env" "note" (func $note (param i32) (result i32)))
  (import "env" "table" (table 4 funcref))
  (import "env" "memory" (memory 1))
  (import "env" "fail" (global $fail i32))
  (global $count (export "count") (mut i32) (i32.const 0))
  (func $answer (export "answer") (result i32) (i32.add (global.get $count) (i32.const 42)))
  (func $start
    (global.set $count (call $note (i32.const 7)))
    (if (global.get $fail) (then (unreachable))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (elem (i32.const 1) func $answer)
  (data (i32.const 8) "data")
  (start $start))
