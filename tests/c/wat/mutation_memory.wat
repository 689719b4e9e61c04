;; Loads, stores, bulk operations, segments.
(module
  (memory (export "m") 1 3)
  (data (i32.const 8) "hello, memory")
  (data $passive "passive")
  (func (export "sum") (param $p i32) (param $n i32) (result i32) (local $sum i32)
    (block $out
      (loop $next
        (br_if $out (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=3 (i32.add (local.get $p) (local.get $n)))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $sum))
  (func (export "store") (param i32 i64 f64)
    (i64.store16 (local.get 0) (local.get 1))
    (f64.store offset=16 (local.get 0) (local.get 2))
    (i32.store offset=65532 (i32.const 0) (i32.const -1)))
  (func (export "bulk") (param i32) (result i32)
    (memory.fill (local.get 0) (i32.const 7) (i32.const 100))
    (memory.copy (i32.const 0) (local.get 0) (i32.const 50))
    (memory.init $passive (i32.const 500) (i32.const 0) (i32.const 7))
    (data.drop $passive)
    (i32.add (memory.grow (i32.const 1)) (memory.size))))
