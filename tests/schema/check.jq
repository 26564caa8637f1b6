# A small part of JSON Schema (2020-12): const, enum, type, pattern, minimum, maximum, required,
# properties, additionalProperties (false), items, anyOf, and $ref to a place in the same schema.
# problems(schema) says what does not fit.

def type_of: if type == "number" and . == floor then "integer" else type end;

def is_type($wanted):
    type_of as $type | any([$wanted] | flatten[];
        . == $type or (. == "number" and $type == "integer"));

# the schema that a "$ref" names: "#/properties/timings"
def resolved($root):
    if has("$ref") then (.["$ref"] | ltrimstr("#/") | split("/")) as $path | $root | getpath($path)
        | if . then . else error("no schema at \($path)") end
    else . end;

def problems($unresolved; $at; $root):
    . as $value
    | ($unresolved | resolved($root)) as $schema
    | (if ($schema | has("const")) and $value != $schema.const
        then "\($at): \($value) is not \($schema.const)" else empty end),
    (if $schema.enum and ($schema.enum | index([$value]) | not)
        then "\($at): \($value) is none of \($schema.enum)" else empty end),
    (if $schema.type and (is_type($schema.type) | not)
        then "\($at): \($value | tojson) is no \($schema.type)" else empty end),
    (if $schema.pattern and type == "string" and (test($schema.pattern) | not)
        then "\($at): \($value | tojson) does not match \($schema.pattern)" else empty end),
    (if $schema.minimum and type == "number" and . < $schema.minimum
        then "\($at): \($value) is under \($schema.minimum)" else empty end),
    (if $schema.maximum and type == "number" and . > $schema.maximum
        then "\($at): \($value) is over \($schema.maximum)" else empty end),
    (if $schema.anyOf
        and all($schema.anyOf[]; . as $one | [$value | problems($one; ""; $root)] != [])
        then "\($at): \($value | tojson) fits none of its forms" else empty end),
    (if type == "array" and $schema.items then
        range(length) as $i | .[$i] | problems($schema.items; "\($at)[\($i)]"; $root)
    else empty end),
    (if type == "object" then
        (($schema.required // [])[] | select(. as $key | $value | has($key) | not)
            | "\($at): \(.) is missing"),
        ($value | keys_unsorted[] as $key
            | if ($schema.properties // {}) | has($key)
                then .[$key] | problems($schema.properties[$key]; "\($at).\($key)"; $root)
            elif $schema.additionalProperties == false then "\($at): \($key) is unknown"
            else empty end)
    else empty end);

def problems($schema): problems($schema; ""; $schema);
