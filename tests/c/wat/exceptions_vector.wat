;; A payload of two slots among others.
(module
  (tag $v (param i32 v128 i64))
  (func (export "vector") (param v128) (result i32 v128 i64)
    (block $h (result i32 v128 i64)
      (try_table (catch $v $h) (throw $v (i32.const 1) (local.get 0) (i64.const 2)))
      (unreachable))))
