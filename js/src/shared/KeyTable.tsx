/** What keys do, a row each. */
export function KeyTable({ keys }: { keys: readonly (readonly [string, string])[] }) {
  return (
    <table className="dgf-keys">
      <tbody>
        {keys.map(([pressed, does]) => (
          <tr key={pressed}>
            <th scope="row">{pressed}</th>
            <td>{does}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
