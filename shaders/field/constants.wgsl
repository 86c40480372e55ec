/// The numbers of a potential that differ by realisation, [realisations][constants of its form] (potential/form.ts): each the beginning of a
/// vec4f, since arrays in a uniform have strides of 16 bytes. All of the 64 KiB that any adapter binds, so that one kernel serves any number.
alias Constants = array<vec4f, 4096>;
