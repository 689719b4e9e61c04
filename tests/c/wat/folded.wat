;; Instructions that the translator makes into one: steps of locals, comparisons, masks, addresses.
(module
  (memory 1)
  (func $fill (export "fill") (local $i i32)
    (loop $again
      (i32.store8 (local.get $i) (i32.mul (local.get $i) (i32.const 167)))
      (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4096)))))

  ;; Counts up and down, compared with a constant, a local, from both sides; old values are still wanted.
  (func (export "steps") (param $n i32) (result i64)
    (local $i i32) (local $j i32) (local $wide i64) (local $end i64) (local $sum i64) (local $k i32)
    (local.set $end (i64.extend_i32_u (local.get $n)))
    (local.set $j (local.get $n))
    (loop $up
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $j (i32.add (local.get $j) (i32.const -2)))
      (local.set $k (i32.add (local.get $k) (i32.const 3)))
      (br_if $up (i32.gt_s (local.get $n) (local.get $i))))
    (loop $wide_up
      (local.set $sum (i64.xor (i64.mul (local.get $sum) (i64.const 5)) (local.get $wide)))
      (local.set $wide (i64.add (local.get $wide) (i64.const 1)))
      (br_if $wide_up (i64.lt_u (local.get $wide) (local.get $end))))
    (block $done
      (loop $down
        (br_if $done (i32.le_s (local.tee $i (i32.add (local.get $i) (i32.const -1))) (i32.const 0)))
        (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s (i32.mul (local.get $i) (local.get $j)))))
        (br $down)))
    (loop $old ;; k++ of which the old value is used
      (local.set $sum (i64.add (local.get $sum)
        (i64.extend_i32_s (i32.sub (local.get $k) (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))))
      (br_if $old (i32.ge_s (local.get $k) (i32.const 7))))
    (if (i64.eq (local.tee $wide (i64.add (local.get $wide) (i64.const -1))) (i64.sub (local.get $end) (i64.const 1)))
      (then (local.set $sum (i64.add (local.get $sum) (i64.const 1000003)))))
    (i64.add (i64.mul (local.get $sum) (i64.const 31))
      (i64.add (i64.extend_i32_s (i32.add (local.get $i) (i32.add (local.get $j) (local.get $k)))) (local.get $wide))))

  ;; The bits of x: masks, their negation, floats that do not compare.
  (func (export "bits") (param $x i32) (param $f f64) (result i32) (local $r i32)
    (if (i32.and (local.get $x) (i32.const 4)) (then (local.set $r (i32.const 1))))
    (if (i32.eqz (i32.and (local.get $x) (i32.const 8))) (then (local.set $r (i32.add (local.get $r) (i32.const 2)))))
    (if (i32.eqz (i32.eqz (i32.and (local.get $x) (i32.const 0x80000000))))
      (then (local.set $r (i32.add (local.get $r) (i32.const 4)))))
    (if (i32.ne (i32.and (i32.shr_u (local.get $x) (i32.const 4)) (i32.const 3)) (i32.const 0))
      (then (local.set $r (i32.add (local.get $r) (i32.const 8)))))
    (if (i32.eqz (f64.lt (local.get $f) (f64.const 1.5))) (then (local.set $r (i32.add (local.get $r) (i32.const 16)))))
    (if (f64.ge (local.get $f) (f64.const 1.5)) (then (local.set $r (i32.add (local.get $r) (i32.const 32)))))
    (if (i32.eqz (f64.ne (local.get $f) (local.get $f))) (then (local.set $r (i32.add (local.get $r) (i32.const 64)))))
    (if (f64.gt (f64.const 0) (local.get $f)) (then (local.set $r (i32.add (local.get $r) (i32.const 128)))))
    (local.get $r))

  ;; base + i * size + offset, in all orders, as loads, stores and sums; address sums wrap.
  (func (export "addresses") (param $base i32) (param $n i32) (result i64) (local $i i32) (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 3))
        (i64.load32_u offset=8 (i32.add (local.get $base) (i32.shl (local.get $i) (i32.const 2))))))
      (local.set $sum (i64.xor (local.get $sum)
        (i64.load16_s (i32.add (i32.mul (local.get $i) (i32.const 12)) (i32.const -0)))))
      (local.set $sum (i64.add (local.get $sum) (i64.load8_u offset=3 (i32.mul (local.get $i) (i32.const 5)))))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
        (i32.add (i32.shl (i32.xor (local.get $i) (i32.const 1)) (i32.const 3)) (local.get $base)))))
      (i32.store16 offset=2 (i32.add (local.get $base) (i32.const 1024)) (i32.wrap_i64 (local.get $sum)))
      (i64.store (i32.add (local.get $base) (i32.const 2048)) (i64.const 0x123456789abcdef))
      (f64.store offset=8 (i32.add (local.get $base) (i32.const 2048)) (f64.convert_i32_u (local.get $i)))
      (local.set $sum (i64.add (local.get $sum) (i64.load (i32.add (local.get $base) (i32.const 1024)))))
      (local.set $sum (i64.add (local.get $sum) (i64.load offset=4 (i32.add (local.get $base) (i32.const 2048)))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum))

  ;; Memory to memory in all widths; the parts overlap when the addresses are near.
  (func $three (param i32 i32 i64) (result i64)
    (i64.add (i64.extend_i32_u (i32.sub (local.get 0) (local.get 1))) (local.get 2)))
  (func (export "copies") (param $from i32) (param $to i32) (result i64) (local $sum i64) (local $i i32)
    (loop $again
      (i32.store8 offset=1 (local.get $to) (i32.load8_s offset=3 (local.get $from)))
      (i64.store16 offset=2 (local.get $to) (i64.load16_u offset=1 (local.get $from)))
      (i64.store32 offset=4 (local.get $to) (i64.load32_s (local.get $from)))
      (i32.store offset=8 (local.get $to) (i32.load offset=9 (local.get $from)))
      (f32.store offset=12 (local.get $to) (f32.load offset=14 (local.get $from)))
      (f64.store offset=16 (local.get $to) (f64.load offset=17 (local.get $from)))
      (i64.store offset=24 (local.get $to) (i64.load offset=7 (local.get $from)))
      (i64.store offset=2000 (i32.const 40) (i64.load (i32.add (local.get $from) (i32.const 8))))
      (i32.store8 offset=32 (local.get $to) (i32.load16_u (local.get $from))) ;; not as wide
      (local.set $sum (i64.add (i64.load (i32.const 2040)) (call $three (local.get $to) (local.get $from) (local.get $sum))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
    (local.get $sum))

  ;; -4 * 2^30 + 8 is 8: sums of 32 bits wrap, offsets do not.
  (func (export "wraps") (param $i i32) (result i32)
    (i32.load (i32.add (i32.mul (local.get $i) (i32.const 0x40000000)) (i32.const 8))))
  (func (export "beyond") (param $i i32) (result i32)
    (i32.load offset=65533 (i32.add (i32.mul (local.get $i) (i32.const 8)) (i32.const 0)))))
