;; Locals that are busy enough to be kept in registers, with everything in between that loses registers.
(module
  (type $same (func (param i32) (result i32)))
  (import "env" "host" (func $host (type $same)))   ;; gives back its argument
  (import "env" "cross" (func $cross (type $same))) ;; the same, of another instance
  (memory 1 4)
  (global $kept (mut i32) (i32.const 0))
  (table funcref (elem $busy $host $cross))
  (elem declare func $busy)

  ;; x, by a way on which all registers change
  (func $busy (export "busy") (type $same) (local $i i32) (local $f f64) (local $sum i64)
    (local.set $i (i32.const 5))
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $i))))
      (local.set $f (f64.add (local.get $f) (f64.convert_i64_u (local.get $sum))))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (i32.add (local.get 0)
      (i32.sub (i32.trunc_f64_u (local.get $f)) (i32.const 55))))
  (func $tail_busy (type $same) (return_call $busy (local.get 0)))
  (func $tail_host (type $same) (local $i i32)
    (local.set $i (i32.const 3))
    (loop $again (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (return_call $host (local.get 0)))
  (func $tail_cross (type $same) (local $i i32)
    (local.set $i (i32.const 3))
    (loop $again (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (return_call $cross (local.get 0)))
  (func $tail_indirect (type $same) (return_call_indirect (type $same) (local.get 0) (i32.const 2)))

  (func $through (param $way i32) (param $x i32) (result i32)
    (block $none (block $memory (block $indirect_cross (block $indirect_host (block $ref (block $tail_3 (block $tail_2
    (block $tail_1 (block $tail_0 (block $other (block $imported (block $direct
      (br_table $none $direct $imported $other $tail_0 $tail_1 $tail_2 $tail_3 $ref $indirect_host $indirect_cross
                $memory (local.get $way)))
      (return (call $busy (local.get $x))))
      (return (call $host (local.get $x))))
      (return (call $cross (local.get $x))))
      (return (call $tail_busy (local.get $x))))
      (return (call $tail_host (local.get $x))))
      (return (call $tail_cross (local.get $x))))
      (return (call $tail_indirect (local.get $x))))
      (return (call_ref $same (local.get $x) (ref.func $busy))))
      (return (call_indirect (type $same) (local.get $x) (i32.const 1))))
      (return (call_indirect (type $same) (local.get $x) (i32.const 2))))
      (return (i32.sub (i32.add (local.get $x) (memory.grow (i32.const 0))) (i32.const 1))))
    (local.get $x))

  ;; n rounds over two integers and a float; each round goes the way once with the integer that changes
  (func (export "run") (param $n i32) (param $way i32) (result f64)
    (local $a i32) (local $b i64) (local $f f64)
    (local.set $b (i64.const 0x123456789))
    (local.set $f (f64.const 0.5))
    (loop $again
      (local.set $a (i32.add (local.get $a) (local.get $n)))
      (local.set $b (i64.add (i64.mul (local.get $b) (i64.const 3)) (i64.extend_i32_u (local.get $a))))
      (local.set $f (f64.add (local.get $f) (f64.convert_i64_s (local.get $b))))
      (local.set $a (call $through (local.get $way) (local.get $a)))
      (local.set $f (f64.mul (local.get $f) (f64.const 0.75)))
      (local.set $a (i32.xor (local.get $a) (i32.wrap_i64 (local.get $b))))
      ;; what has no form for pins writes them too
      (global.set $kept (local.get $a))
      (local.set $a (select (local.get $a) (i32.const 7) (i32.and (local.get $n) (i32.const 3))))
      (local.set $a (i32.add (local.get $a) (i32.popcnt (local.get $a))))
      (if (i32.eqz (i32.and (local.get $n) (i32.const 7))) (then
        (local.set $a (global.get $kept))
        (local.set $b (i64.const -1))
        (local.set $f (f64.const 1.5))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (f64.add (local.get $f) (f64.add (f64.convert_i32_u (local.get $a)) (f64.convert_i64_s (local.get $b)))))

  ;; the same directly in the loop: the frames of run itself are left and come back
  (func (export "direct") (param $n i32) (result f64) (local $a i32) (local $b i64) (local $f f64)
    (loop $again
      (local.set $a (i32.add (local.get $a) (call $busy (i32.add (local.get $n) (local.get $a)))))
      (local.set $b (i64.add (local.get $b) (i64.extend_i32_u (call $host (local.get $a)))))
      (local.set $a (i32.add (call $tail_host (i32.add (local.get $a) (i32.const 3))) (local.get $n)))
      (local.set $f (f64.add (local.get $f) (f64.convert_i32_u (call $cross (local.get $a)))))
      (local.set $a (call $tail_cross (i32.sub (local.get $a) (i32.const 1))))
      (local.set $b (i64.sub (local.get $b) (i64.extend_i32_s (call_ref $same (local.get $n) (ref.func $busy)))))
      (local.set $a (i32.sub (local.get $a) (call_indirect (type $same) (local.get $n) (i32.const 1))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (f64.add (local.get $f) (f64.add (f64.convert_i32_u (local.get $a)) (f64.convert_i64_s (local.get $b))))))
