;; Arithmetic of all types, with constants and locals in every place.
(module
  (func (export "i32") (param i32 i32) (result i32) (local i32)
    (local.set 2 (i32.rotl (i32.mul (local.get 0) (i32.const 1103515245)) (i32.and (local.get 1) (i32.const 31))))
    (i32.xor (i32.popcnt (local.get 2)) (i32.rem_u (i32.clz (local.get 0)) (i32.or (local.get 1) (i32.const 1)))))
  (func (export "i64") (param i64) (result i64)
    (i64.add (i64.shl (local.get 0) (i64.const 3)) (i64.extend8_s (i64.sub (i64.const 0x123456789abcdef) (local.get 0)))))
  (func (export "f64") (param f64) (result f64)
    (f64.div (f64.nearest (f64.mul (local.get 0) (f64.const 2.5))) (f64.copysign (f64.sqrt (local.get 0)) (f64.const -1))))
  (func (export "f32") (param f32) (result i32)
    (i32.trunc_sat_f32_u (f32.min (f32.neg (local.get 0)) (f32.max (local.get 0) (f32.const nan)))))
  (func (export "convert") (param f64) (result i64)
    (i64.trunc_f64_s (f64.promote_f32 (f32.convert_i64_u (i64.reinterpret_f64 (local.get 0)))))))
