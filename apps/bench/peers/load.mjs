/** Here, so that names are looked up in this folder's packages. */
export const load = (name) => import(name);
